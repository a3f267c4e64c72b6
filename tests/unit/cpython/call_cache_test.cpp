// SPDX-License-Identifier: MIT
#include "cpython/call_cache.hpp"

#include "support/fake_memory.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

namespace lampyr::cpython {
namespace {

/// A caller that stands at a call whose cache says `kVersion`, and a frame of the function of that version.
class CallCache : public test::LayoutTest {
  protected:
    static constexpr std::uint32_t kVersion = 0x2d3;
    static constexpr RemoteAddr kCallerCode{0x7000'0000'0000};
    static constexpr RemoteAddr kFrame{0x7100'0000'0000};
    static constexpr RemoteAddr kFunction{0x7200'0000'0000};
    static constexpr RemoteAddr kCode{0x7300'0000'0000};

    CallCache() {
        for (const RemoteAddr address : {kCallerCode, kFrame, kFunction}) memory_.map(address, 4096);
        if (!layout().function.version.present()) return;
        memory_.put(kFrame + layout().frame.function.value(), kFunction.value | (layout().code_tag_mask & 1));
        memory_.put(kFunction + layout().function.code.value(), kCode);
        set_version(kVersion);
        set_cache(kVersion);
    }
    void set_version(std::uint32_t version) { memory_.put(kFunction + layout().function.version.value(), version); }
    void set_cache(std::uint32_t version) {
        memory_.put(RemoteAddr(caller_.instruction + static_cast<std::uint64_t>(layout().function.call_cache)),
                    version);
    }
    [[nodiscard]] bool told() const { return is_specialised_call(memory_, layout(), caller_, callee_); }

    test::FakeMemory memory_;
    RawFrame caller_{RemoteAddr(0x7100'0000'0800), kCallerCode, kCallerCode.value + 64, 0, false, false};
    RawFrame callee_{kFrame, kCode, 0, 0, false, false};
};

TEST_P(CallCache, TellsWhomASpecialisedCallCalls) { EXPECT_EQ(told(), layout().function.version.present()); }

TEST_P(CallCache, SaysNothingOfAnotherFunction) {
    if (!layout().function.version.present()) return;
    set_version(kVersion + 1);
    EXPECT_FALSE(told());
    set_version(kVersion);
    callee_.code = RemoteAddr(0x7300'0000'0100);
    EXPECT_FALSE(told()) << "the frame is another one's by now";
}

TEST_P(CallCache, SaysNothingOfACallThatIsNotSpecialised) {
    if (!layout().function.version.present()) return;
    set_cache(0);
    set_version(0);
    EXPECT_FALSE(told());
}

TEST_P(CallCache, SaysNothingOfCallsThroughCNorOfGenerators) {
    callee_.through_c = true;
    EXPECT_FALSE(told());
    callee_.through_c = false;
    callee_.generator = true;
    EXPECT_FALSE(told());
}

TEST_P(CallCache, MemoryThatIsGoneSaysNothing) {
    memory_.unmap(kFunction);
    EXPECT_FALSE(told());
    memory_.unmap(kCallerCode);
    EXPECT_FALSE(told());
}

INSTANTIATE_TEST_SUITE_P(All, CallCache, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
