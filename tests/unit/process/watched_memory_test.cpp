// SPDX-License-Identifier: MIT
#include "process/watched_memory.hpp"

#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace lampyr::process {
namespace {

constexpr RemoteAddr kHere(0x10000);

class WatchedMemoryTest : public testing::Test {
  protected:
    WatchedMemoryTest() { fake_.map(kHere, 4096); }
    [[nodiscard]] bool holds(const ReadProof& proof) { return proof.holds(fake_, scratch_); }

    test::FakeMemory fake_;
    WatchedMemory watched_{fake_};
    std::vector<std::byte> scratch_;
};

TEST_F(WatchedMemoryTest, WhatWasReadMustBeAsItWas) {
    watched_.start();
    EXPECT_EQ(watched_.read_value<std::uint64_t>(kHere), 0U);
    const std::array<RemoteSegment, 2> two{{{kHere.value + 64, 8}, {kHere.value + 128, 16}}};
    std::array<std::byte, 24> bytes{};
    EXPECT_EQ(watched_.read_segments(two, bytes), bytes.size());
    const ReadProof proof = watched_.take();
    EXPECT_TRUE(holds(proof));
    fake_.put(kHere + 8, std::uint64_t{1});
    EXPECT_TRUE(holds(proof)) << "nobody has read that";
    fake_.put(kHere + 136, std::uint64_t{1});
    EXPECT_FALSE(holds(proof));
    fake_.put(kHere + 136, std::uint64_t{0});
    EXPECT_TRUE(holds(proof));
}

TEST_F(WatchedMemoryTest, NothingIsNotedUnasked) {
    EXPECT_TRUE(watched_.read_value<std::uint64_t>(kHere));
    watched_.start();
    EXPECT_TRUE(watched_.take().empty());
    EXPECT_TRUE(watched_.read_value<std::uint64_t>(kHere));
    const ReadProof proof = watched_.take();
    EXPECT_TRUE(proof.empty());
    EXPECT_FALSE(holds(proof)) << "nothing proves nothing";
}

TEST_F(WatchedMemoryTest, OfAReadThatBreaksOffThatIsNotedWhichCame) {
    watched_.start();
    std::array<std::byte, 64> bytes{};
    EXPECT_EQ(watched_.read_prefix(kHere + 4080, bytes), 16U);
    const ReadProof proof = watched_.take();
    EXPECT_TRUE(holds(proof));
    fake_.put(kHere + 4088, std::uint64_t{1});
    EXPECT_FALSE(holds(proof));
}

TEST_F(WatchedMemoryTest, ProofsAddUp) {
    watched_.start();
    EXPECT_TRUE(watched_.read_value<std::uint64_t>(kHere));
    ReadProof proof = watched_.take();
    watched_.start();
    EXPECT_TRUE(watched_.read_value<std::uint64_t>(kHere + 512));
    proof.append(watched_.take());
    EXPECT_TRUE(holds(proof));
    fake_.put(kHere + 512, std::uint64_t{1});
    EXPECT_FALSE(holds(proof));
}

TEST_F(WatchedMemoryTest, MoreThanOneCallTakesIsNotKept) {
    watched_.start();
    for (std::size_t i = 0; i <= ReadProof::kMostSegments; ++i)
        EXPECT_TRUE(watched_.read_value<std::uint8_t>(kHere + i));
    const ReadProof proof = watched_.take();
    EXPECT_TRUE(holds(proof));
    fake_.put(kHere + ReadProof::kMostSegments, std::uint8_t{1});
    EXPECT_TRUE(holds(proof));
    fake_.put(kHere + (ReadProof::kMostSegments - 1), std::uint8_t{1});
    EXPECT_FALSE(holds(proof));
}

}  // namespace
}  // namespace lampyr::process
