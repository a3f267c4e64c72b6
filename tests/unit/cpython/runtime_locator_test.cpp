// SPDX-License-Identifier: MIT
#include "cpython/runtime_locator.hpp"

#include "support/fake_debug_offsets.hpp"
#include "support/fake_elf.hpp"
#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace lampyr::cpython {
namespace {

using test::FakeElf;
using test::FakePython;

constexpr RemoteAddr kImage{0x550000000000};
constexpr RemoteAddr kData = kImage + FakeElf::kDataAddress;
constexpr std::uint64_t kDataSize = 0x20000;
constexpr std::uint64_t kAnchor = 0x1000;        // _PyRuntime or interp_head, in the data
constexpr std::uint64_t kCurrentThread = 0x900;  // _PyThreadState_Current
constexpr std::uint64_t kHeadFunction = 0x800;
constexpr std::uint64_t kVersionText = 0x10000;
constexpr std::uint64_t kVersionSymbol = 0x700;

/// A process with one image that holds an interpreter of the layout with one thread in one function.
class FakeProcess {
  public:
    explicit FakeProcess(const Layout& layout) : py(layout), layout_(layout) {
        const auto code = py.code({});
        thread = py.thread({.frames = {py.frame({.code = code})}});
        interpreter = py.interpreter({.threads = {thread}, .modules = py.dict({})});
    }

    [[nodiscard]] bool in_runtime() const { return layout_.runtime.interpreters_head.present(); }
    [[nodiscard]] RemoteAddr head() const {
        return kData + kAnchor + (in_runtime() ? layout_.runtime.interpreters_head.value() : 0);
    }

    void load(const FakeElf& elf) { elf.load(py.memory(), kImage, kDataSize); }
    /// Symbols as this version exports them.
    void load_with_symbols() {
        FakeElf elf;
        if (in_runtime()) elf.add_symbol("_PyRuntime", kAnchor);
        elf.add_symbol("PyInterpreterState_Head", kHeadFunction);
        if (!in_runtime()) elf.add_symbol("_PyThreadState_Current", kCurrentThread);
        if (layout_.version.minor >= 11) elf.add_symbol("Py_Version", kVersionSymbol);
        load(elf);
    }
    /// The interpreter's data in the loaded image.
    void start() {
        auto& memory = py.memory();
        memory.put(head(), interpreter);
        if (in_runtime()) memory.put(head() + 8, interpreter);
        // endbr64; mov interp_head(%rip), %rax; ret
        memory.put_bytes(kData + kHeadFunction, std::string_view("\xf3\x0f\x1e\xfa\x48\x8b\x05", 7));
        memory.put(kData + kHeadFunction + 7, static_cast<std::int32_t>(kAnchor - (kHeadFunction + 11)));
        memory.put_bytes(kData + kHeadFunction + 11, "\xc3");
        put_version(test::hex_of(layout_.version));
        if (!layouts::published_fields(layout_.version).empty())
            test::put_published_offsets(memory, kData + kAnchor, layout_, test::hex_of(layout_.version),
                                        test::published_numbers(layout_));
    }
    void put_version(std::uint64_t hex) {
        const auto version = version_from_hex(hex, false);
        const std::string text = version->text() + " (main, Jan  1 2024, 00:00:00) [GCC 12.2.0]";
        py.memory().put_bytes(kData + kVersionText, text);
        if (layout_.version.minor >= 11) py.memory().put(kData + kVersionSymbol, hex);
    }

    [[nodiscard]] static std::vector<process::Mapping> mappings() {
        process::Mapping header;
        header.start = kImage;
        header.end = kData;
        header.readable = true;
        header.inode = 4711;
        header.path = "/opt/app/bin/renamed-program";
        process::Mapping data = header;
        data.start = kData;
        data.end = kData + kDataSize;
        data.file_offset = FakeElf::kDataAddress;
        data.writable = true;
        process::Mapping heap;  // where FakeObjects puts its objects
        heap.start = RemoteAddr(0x7e0000000000);
        heap.end = RemoteAddr(0x7fff00000000);
        heap.readable = heap.writable = true;
        return {header, data, heap};
    }
    [[nodiscard]] Result<RuntimeLocation> locate() const { return locate_runtime(py.memory(), Pid(), mappings()); }
    [[nodiscard]] Result<RuntimeLocation> locate(LocateStrategy strategy) const {
        return locate_runtime(py.memory(), Pid(), mappings(), {&strategy, 1});
    }

    FakePython py;
    RemoteAddr thread, interpreter;

  private:
    const Layout& layout_;
};

class RuntimeLocator : public test::LayoutTest {
  protected:
    FakeProcess target_{layout()};
};

TEST_P(RuntimeLocator, FindsTheInterpreterByExportedSymbols) {
    target_.load_with_symbols();
    target_.start();
    const auto found = target_.locate();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->runtime, kData + kAnchor);
    EXPECT_EQ(found->current_thread, target_.in_runtime() ? RemoteAddr() : kData + kCurrentThread);
    EXPECT_EQ(found->layout.version, layout().version);
    EXPECT_EQ(found->strategy, LocateStrategy::kMemorySymbols);
    EXPECT_EQ(found->library_path, "/opt/app/bin/renamed-program");
    EXPECT_EQ(found->note, "");
    const Version& v = layout().version;
    EXPECT_EQ(found->version_text, std::to_string(v.major) + "." + std::to_string(v.minor) + "." +
                                       std::to_string(v.micro) + (v.free_threaded ? "t" : ""));
}

TEST_P(RuntimeLocator, FindsItWithoutAnySymbol) {
    target_.load(FakeElf());
    target_.start();
    const auto found = target_.locate();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->runtime, kData + kAnchor);
    EXPECT_EQ(found->strategy, layouts::published_fields(layout().version).empty() ? LocateStrategy::kPointerScan
                                                                                   : LocateStrategy::kCookieScan);
}

TEST_P(RuntimeLocator, AnEmptyListIsPythonStarting) {
    target_.load_with_symbols();
    target_.start();
    target_.py.memory().put(target_.head(), RemoteAddr());
    const auto found = target_.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kPythonStarting);
}

TEST_P(RuntimeLocator, NothingInitialisedYetIsPythonStarting) {
    target_.load_with_symbols();
    target_.start();
    auto& memory = target_.py.memory();
    memory.put(target_.head(), RemoteAddr());
    memory.put_bytes(kData + kVersionText, std::string(64, '\0'));  // Py_GetVersion was not called yet
    const auto found = target_.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kPythonStarting);
}

TEST_P(RuntimeLocator, AnInterpreterWithoutThreadsIsPythonStarting) {
    target_.load_with_symbols();
    target_.start();
    target_.py.put(target_.interpreter, layout().interpreter.threads_head, RemoteAddr());
    const auto found = target_.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kPythonStarting);
}

TEST_P(RuntimeLocator, AThreadThatPointsElsewhereIsNoInterpreter) {
    target_.load_with_symbols();
    target_.start();
    target_.py.put(target_.thread, layout().thread.interp, target_.interpreter + 64);
    const auto found = target_.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kUnsupportedVersion);
}

TEST_P(RuntimeLocator, ModulesMustBeADict) {
    target_.load_with_symbols();
    target_.start();
    target_.py.put(target_.interpreter, layout().interpreter.modules, target_.py.bytes({1, 2}));
    const auto found = target_.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kUnsupportedVersion);
}

TEST_P(RuntimeLocator, AHalfMadeNewestInterpreterDoesNotHideTheOthers) {
    target_.load_with_symbols();
    target_.start();
    const auto newest = target_.py.interpreter(test::FakeInterpreter{});
    target_.py.put(newest, layout().interpreter.next, target_.interpreter);
    target_.py.memory().put(target_.head(), newest);
    const auto found = target_.locate();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->runtime, kData + kAnchor);
}

TEST_P(RuntimeLocator, ASecondCopyOfTheFileIsNotTaken) {
    target_.load_with_symbols();
    target_.start();
    // A tool mapped the whole file read-only, below the real one: header and symbols are the same, the data is not.
    constexpr RemoteAddr kCopy{0x540000000000};
    auto& memory = target_.py.memory();
    memory.map(kCopy, FakeElf::kDataAddress + kDataSize);
    std::vector<std::byte> bytes(FakeElf::kDataAddress);
    ASSERT_TRUE(memory.read(kImage, bytes));
    memory.put_bytes(kCopy, bytes);
    auto mappings = FakeProcess::mappings();
    process::Mapping copy = mappings[0];
    copy.start = kCopy;
    copy.end = kCopy + FakeElf::kDataAddress + kDataSize;
    mappings.insert(mappings.begin(), copy);
    const auto found = locate_runtime(memory, Pid(), mappings);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->runtime, kData + kAnchor);
}

INSTANTIATE_TEST_SUITE_P(All, RuntimeLocator, test::every_layout(), test::layout_name);

const Layout& layout_of(int minor) { return *find_layout({.major = 3, .minor = static_cast<std::uint8_t>(minor)}); }

TEST(RuntimeLocatorErrors, AProgramThatIsNotPython) {
    FakeProcess target(layout_of(11));
    FakeElf elf;
    elf.add_symbol("main", 0x10);
    target.load(elf);
    const auto found = target.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kNotPython);
}

TEST(RuntimeLocatorErrors, NothingReadableIsATargetThatIsGone) {
    const test::FakeMemory memory;
    const auto found = locate_runtime(memory, Pid(), FakeProcess::mappings());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kTargetGone);
}

TEST(RuntimeLocatorErrors, AVersionWithoutTableIsNamed) {
    FakeProcess target(layout_of(6));
    target.load_with_symbols();
    target.start();
    target.put_version(0x030502F0);
    const auto found = target.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kUnsupportedVersion);
    EXPECT_NE(found.error().message.find("3.5.2"), std::string::npos) << found.error().message;
}

TEST(RuntimeLocatorErrors, WithoutVersionTextOnlyOneTableMayFit) {
    FakeProcess certain(layout_of(8));
    certain.load_with_symbols();
    certain.start();
    certain.py.memory().put_bytes(kData + kVersionText, std::string(64, '\0'));
    const auto found = certain.locate();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->version_text, "3.8");
    EXPECT_NE(found->note, "");
    // 3.9 and 3.10 agree on everything that is checked, not on what a frame's line is.
    FakeProcess ambiguous(layout_of(9));
    ambiguous.load_with_symbols();
    ambiguous.start();
    ambiguous.py.memory().put_bytes(kData + kVersionText, std::string(64, '\0'));
    const auto refused = ambiguous.locate(LocateStrategy::kMemorySymbols);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedVersion);
}

TEST(RuntimeLocatorErrors, ANewerVersionMustHaveReadableFrames) {
    const Layout& newest = newest_layout(false);
    FakeProcess target(newest);
    target.load_with_symbols();
    target.start();
    test::put_published_offsets(target.py.memory(), kData + kAnchor, newest, 0x031000F0,
                                test::published_numbers(newest));
    const auto found = target.locate();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->version_text, "3.16.0");
    EXPECT_NE(found->note, "");
    // The same with a frame that does not lead to a code object: the order of the offsets has changed.
    auto numbers = test::published_numbers(newest);
    numbers["interpreter_frame.executable"] = newest.frame.instruction.value();
    test::put_published_offsets(target.py.memory(), kData + kAnchor, newest, 0x031000F0, numbers);
    const auto refused = target.locate();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedVersion);
}

TEST(RuntimeLocatorErrors, PublishedNonsenseIsRefused) {
    const Layout& newest = newest_layout(false);
    FakeProcess target(newest);
    target.load_with_symbols();
    target.start();
    auto numbers = test::published_numbers(newest);
    numbers["interpreter_state.next"] = ~std::uint64_t{0};
    test::put_published_offsets(target.py.memory(), kData + kAnchor, newest, test::hex_of(newest.version), numbers);
    const auto found = target.locate();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kUnsupportedVersion);
}

/// Bytes of the image are damaged at random: the answer may be none, but it comes soon and never from outside the data.
TEST(RuntimeLocatorErrors, DamageIsSurvived) {
    for (const int minor : {6, 9, 12, 15}) {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            FakeProcess target(layout_of(minor));
            target.load_with_symbols();
            target.start();
            std::uint64_t random = seed * 0x9E3779B97F4A7C15ULL + 1;
            for (int i = 0; i < 4; ++i) {
                random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                const std::uint64_t at = (random >> 20) % (FakeElf::kStrings + 0x100);
                const bool in_data = (random & 1) != 0;
                target.py.memory().put((in_data ? kData : kImage) + (at & ~7ULL), random * (random >> 13));
            }
            const auto found = target.locate(LocateStrategy::kMemorySymbols);
            EXPECT_LT(target.py.memory().calls(), 60'000U);
            if (!found) continue;
            EXPECT_EQ(found->runtime, kData + kAnchor) << minor << " " << seed;
        }
    }
}

}  // namespace
}  // namespace lampyr::cpython
