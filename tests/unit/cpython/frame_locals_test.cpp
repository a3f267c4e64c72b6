// SPDX-License-Identifier: MIT
#include "cpython/frame_locals.hpp"

#include "support/fake_objects.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

namespace lampyr::cpython {
namespace {

constexpr std::uint8_t kPlain = 0x20, kCell = 0x40, kFree = 0x80;

class FrameVariables : public test::LayoutTest {
  protected:
    struct Name {
        std::string name;
        std::uint8_t kind;
    };

    RemoteAddr names(const std::vector<Name>& all, std::uint8_t kind) {
        std::vector<RemoteAddr> items;
        for (const Name& name : all)
            if ((name.kind & kind) != 0) items.push_back(py_.string(name.name));
        return py_.tuple(items);
    }
    /// A code object with these variables, the first `arguments` of which are arguments.
    RemoteAddr code(const std::vector<Name>& all, std::uint32_t arguments, std::uint32_t flags = 0) {
        const CodeLayout& c = layout().code;
        const RemoteAddr address = py_.code({});
        // The fields may lie behind what the code object of other tests needs.
        py_.put(address, c.argcount, arguments);
        py_.put(address, c.flags, flags);
        py_.put(address, c.varnames, names(all, kPlain));
        py_.put(address, c.cellvars, names(all, kCell));
        py_.put(address, c.freevars, names(all, kFree));
        std::vector<std::uint8_t> kinds;
        for (const Name& name : all) kinds.push_back(name.kind);
        py_.put(address, c.localsplusnames, names(all, 0xFF));
        py_.put(address, c.localspluskinds, py_.bytes(kinds));
        return address;
    }
    RawFrame frame(RemoteAddr code, const std::vector<RemoteAddr>& slots) {
        const RemoteAddr address = py_.allocate(layout().frame.localsplus.value() + slots.size() * 8 + 8);
        py_.put(address, layout().frame.code, code);
        for (std::size_t i = 0; i < slots.size(); ++i) put_slot(address, i, slots[i]);
        return {.frame = address, .code = code, .instruction = 0};
    }
    void put_slot(RemoteAddr frame, std::size_t i, RemoteAddr value) {
        py_.memory().put(frame + layout().frame.localsplus.value() + i * 8, value);
    }
    std::optional<std::vector<FrameLocal>> read(const RawFrame& frame) {
        TypeReader types(py_.memory(), layout());
        return FrameLocals(py_.memory(), layout(), types).read(frame);
    }
    [[nodiscard]] bool by_list() const { return layout().code.varnames.present(); }

    test::FakeObjects py_{layout()};
};

TEST_P(FrameVariables, AreNamedAndFollowedIntoTheirCells) {
    const RemoteAddr a = py_.integer(1), b = py_.integer(2), c = py_.integer(3), d = py_.integer(4);
    const RemoteAddr made = code(
        {{"arg", kPlain}, {"rest", kPlain}, {"loc", kPlain}, {"unbound", kPlain}, {"inner", kCell}, {"outer", kFree}},
        1, 4);
    const auto found = read(frame(made, {a, b, c, {}, py_.cell(d), py_.cell(a)}));
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (std::vector<FrameLocal>{{"arg", LocalKind::kArgument, a},
                                               {"rest", LocalKind::kArgument, b},
                                               {"loc", LocalKind::kLocal, c},
                                               {"inner", LocalKind::kLocal, d},
                                               {"outer", LocalKind::kFree, a}}));
}

TEST_P(FrameVariables, AnArgumentInACellIsStillAnArgument) {
    const RemoteAddr a = py_.integer(1);
    if (by_list()) {
        // Its own slot is empty; the cell of the same name has the value.
        const auto found = read(frame(code({{"arg", kPlain}, {"arg", kCell}}, 1), {{}, py_.cell(a)}));
        ASSERT_TRUE(found);
        EXPECT_EQ(*found, (std::vector<FrameLocal>{{"arg", LocalKind::kArgument, a}}));
        return;
    }
    const RemoteAddr made = code({{"arg", kPlain | kCell}}, 1);
    for (const RemoteAddr slot : {py_.cell(a), a}) {  // in its cell, or not moved there yet
        const auto found = read(frame(made, {slot}));
        ASSERT_TRUE(found);
        EXPECT_EQ(*found, (std::vector<FrameLocal>{{"arg", LocalKind::kArgument, a}}));
    }
    EXPECT_EQ(read(frame(made, {py_.cell({})})), std::vector<FrameLocal>{});
}

TEST_P(FrameVariables, TagsOfReferencesAreTakenOff) {
    if (layout().code_tag_mask == 0) return;
    const RemoteAddr a = py_.integer(1);
    const RawFrame tagged = frame(code({{"x", kPlain}, {"y", kPlain}, {"z", kPlain}}, 0), {a + 1, {}, {}});
    put_slot(tagged.frame, 1, RemoteAddr(~std::uint64_t{0} - 16));  // a number in the slot
    put_slot(tagged.frame, 2, RemoteAddr(1));                       // null
    const auto found = read(tagged);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (std::vector<FrameLocal>{{"x", LocalKind::kLocal, a}, {"y", LocalKind::kLocal, {}, -5}}));
}

TEST_P(FrameVariables, AreNothingOfAFrameThatIsGone) {
    const RemoteAddr made = code({{"x", kPlain}}, 0);
    RawFrame there = frame(made, {py_.integer(1)});
    EXPECT_TRUE(read(there));
    py_.put(there.frame, layout().frame.code, py_.code({}));
    EXPECT_EQ(read(there), std::nullopt);
    EXPECT_EQ(read({.frame = RemoteAddr(0x1000), .code = made}), std::nullopt);
    EXPECT_EQ(read({.frame = there.frame, .code = RemoteAddr(0x1000)}), std::nullopt);
}

TEST_P(FrameVariables, AHostileNumberOfNamesIsCut) {
    const RemoteAddr made = code({{"x", kPlain}}, 0);
    const RawFrame there = frame(made, {py_.integer(1)});
    const Offset field = by_list() ? layout().code.varnames : layout().code.localsplusnames;
    const RemoteAddr tuple(py_.memory().get<std::uint64_t>(made + field.value()));
    py_.put(tuple, layout().bytes.size, ~std::uint64_t{0});
    const auto found = read(there);  // whatever stands behind: nothing is made up beyond the bound
    EXPECT_TRUE(!found || found->size() <= kMaxLocals);
}

INSTANTIATE_TEST_SUITE_P(All, FrameVariables, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
