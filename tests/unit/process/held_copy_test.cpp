// SPDX-License-Identifier: MIT
#include "process/held_copy.hpp"

#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace lampyr::process {
namespace {

constexpr std::uint64_t kHeap = 0x10000;
constexpr std::uint64_t kStack = 0x7f0000000000;
constexpr std::uint64_t kWords = 1024;

/// Two pieces of memory whose words hold their own address.
class HeldCopyTest : public ::testing::Test {
  protected:
    HeldCopyTest() {
        for (const std::uint64_t start : {kHeap, kStack}) {
            memory_.map(RemoteAddr(start), kWords * 8);
            for (std::uint64_t at = start; at < start + kWords * 8; at += 8) memory_.put(RemoteAddr(at), at);
        }
    }
    /// The word at an address in the copy, 0: it is not there.
    std::uint64_t word(std::uint64_t address) const {
        const std::byte* const bytes = copy_.find({address, 8});
        std::uint64_t value = 0;
        if (bytes != nullptr) std::memcpy(&value, bytes, sizeof value);
        return value;
    }

    test::FakeMemory memory_;
    HeldCopy copy_;
};

TEST_F(HeldCopyTest, GivesWhatWasCopiedHoweverItIsAskedFor) {
    // Twice the same, near ones, one in the last range, one that begins below it, in no order.
    const std::array<RemoteSegment, 6> ranges{
        {{kHeap + 4096, 64}, {kHeap, 64}, {kHeap, 64}, {kStack + 512, 16}, {kHeap + 72, 8}, {kStack + 240, 32}}};
    copy_.plan(ranges, 2048);
    EXPECT_FALSE(copy_.taken());
    ASSERT_TRUE(copy_.take(memory_, {kStack + 256, 1024}));
    for (const RemoteSegment& range : ranges) {
        ASSERT_NE(copy_.find(range), nullptr);
        for (std::uint64_t at = range.address; at < range.address + range.size; at += 8) EXPECT_EQ(word(at), at);
    }
    EXPECT_EQ(copy_.last().size(), 1024U);
    EXPECT_EQ(word(kStack + 256 + 1016), kStack + 256 + 1016);
    EXPECT_EQ(word(kStack + 256 + 1024), 0U) << "was not copied";
    EXPECT_EQ(word(kHeap + 2048), 0U) << "was not copied";
    EXPECT_EQ(copy_.find({kHeap, 4096 + 64}), nullptr) << "not as one piece";
    EXPECT_EQ(copy_.find({kHeap + 8, ~std::uint64_t{0}}), nullptr);
    EXPECT_EQ(copy_.find({~std::uint64_t{0} - 7, 8}), nullptr);
    memory_.put(RemoteAddr(kHeap), std::uint64_t{1});
    EXPECT_EQ(word(kHeap), kHeap) << "what was held stays as it was";
    copy_.forget();
    EXPECT_EQ(word(kHeap), 0U);
}

TEST_F(HeldCopyTest, ReadsNoByteTwice) {
    const std::array<RemoteSegment, 3> ranges{{{kHeap, 512}, {kHeap + 128, 256}, {kStack + 64, 256}}};
    copy_.plan(ranges, 1024);
    const std::size_t calls = memory_.calls();
    const std::size_t bytes = memory_.bytes_read();
    ASSERT_TRUE(copy_.take(memory_, {kStack, 1024}));
    EXPECT_EQ(memory_.calls() - calls, 1U);
    EXPECT_EQ(memory_.bytes_read() - bytes, 512U + 1024U);
}

TEST_F(HeldCopyTest, ALastRangeMayEndEarlyTheOthersMayNot) {
    const std::array<RemoteSegment, 1> whole{{{kHeap, 64}}};
    copy_.plan(whole, kWords * 16);
    ASSERT_TRUE(copy_.take(memory_, {kStack, kWords * 16}));
    EXPECT_EQ(copy_.last().size(), kWords * 8);
    EXPECT_EQ(word(kStack + kWords * 8 - 8), kStack + kWords * 8 - 8);
    EXPECT_EQ(copy_.find({kStack + kWords * 8, 8}), nullptr);
    ASSERT_TRUE(copy_.take(memory_, {kStack, ~std::uint64_t{0}})) << "cut off to the room there is";
    const std::array<RemoteSegment, 2> broken{{{kHeap, 64}, {kHeap + kWords * 8 - 8, 64}}};
    copy_.plan(broken, 64);
    EXPECT_FALSE(copy_.take(memory_, {kStack, 64}));
    EXPECT_FALSE(copy_.taken());
    EXPECT_EQ(word(kHeap), 0U);
    copy_.plan(whole, 0);
    EXPECT_TRUE(copy_.take(memory_, {})) << "no last range";
    EXPECT_EQ(word(kHeap), kHeap);
}

}  // namespace
}  // namespace lampyr::process
