// SPDX-License-Identifier: MIT
#include "sampler/code_cache.hpp"

#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <array>

namespace lampyr::sampler {
namespace {

class CodeCacheTest : public test::LayoutTest {
  protected:
    [[nodiscard]] cpython::RawFrame frame(RemoteAddr code) const {
        return {RemoteAddr(0x1000), code, py_.instruction({.code = code, .offset = 8}), 0, false, false};
    }
    /// Proves and resolves, as is done once a stack.
    CodeCache::Kind see(RemoteAddr code) {
        const std::array frames{frame(code)};
        cache_.prove(frames, 0, {});
        return cache_.resolve(frames[0]).kind;
    }
    /// Another code object takes the place of one that was freed.
    void reuse(RemoteAddr code, const char* name) {
        py_.put(code, layout().code.name, py_.string(name));
        py_.put(code, layout().code.qualname, py_.string(name));
    }

    test::FakePython py_{layout()};
    profile::Builder builder_;
    FileNames files_{"", [](std::string_view) { return false; }};
    CodeCache cache_{py_.memory(), layout(), builder_, files_};
};

TEST_P(CodeCacheTest, ANameReadAfterTheStackIsInDoubtWhereAddressesAreReused) {
    const RemoteAddr stays = py_.code({.name = "stays"});
    const RemoteAddr changes = py_.code({.name = "old"});
    EXPECT_EQ(see(stays), CodeCache::Kind::kFrame) << "nothing says that code objects are freed here";
    EXPECT_EQ(see(changes), CodeCache::Kind::kFrame);
    EXPECT_FALSE(cache_.reuse_expected());

    reuse(changes, "new");
    EXPECT_EQ(see(changes), CodeCache::Kind::kReused);
    EXPECT_TRUE(cache_.reuse_expected());
    EXPECT_EQ(see(changes), CodeCache::Kind::kFrame) << "known before this stack, and proven after it";
    EXPECT_EQ(see(stays), CodeCache::Kind::kFrame);

    const RemoteAddr fresh = py_.code({.name = "fresh"});
    EXPECT_EQ(see(fresh), CodeCache::Kind::kReused);
    EXPECT_EQ(see(fresh), CodeCache::Kind::kFrame);
}

TEST_P(CodeCacheTest, AFrameThatStandsStillKeepsItsNameAtFirstSight) {
    const RemoteAddr changes = py_.code({.name = "old"});
    EXPECT_EQ(see(changes), CodeCache::Kind::kFrame);
    reuse(changes, "new");
    EXPECT_EQ(see(changes), CodeCache::Kind::kReused);

    const test::FakeFrame placed{.code = py_.code({.name = "blocked"}), .offset = 8};
    const RemoteAddr thread = py_.thread({.frames = {placed}});
    const RemoteAddr address = py_.frames_of(thread).front();
    const cpython::RawFrame blocked{address, placed.code, py_.instruction(placed), 0, false, false};
    EXPECT_EQ(cache_.resolve(blocked).kind, CodeCache::Kind::kFrame);
    const cpython::RawFrame moved{address, placed.code, py_.instruction(placed) + 2, 0, false, false};
    const std::array frames{moved};
    cache_.prove(frames, 0, {});
    EXPECT_EQ(cache_.resolve(moved).kind, CodeCache::Kind::kFrame) << "known before";
}

INSTANTIATE_TEST_SUITE_P(Layouts, CodeCacheTest, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::sampler
