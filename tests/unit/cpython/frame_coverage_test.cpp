// SPDX-License-Identifier: MIT
#include "cpython/frame_coverage.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lampyr::cpython {
namespace {

class FrameCoverageTest : public testing::Test {
  protected:
    FrameCoverageTest() : sweep_(4096), fetched_(4096) {
        coverage_.set_buffer(CopySource::kSweep, sweep_.data());
        coverage_.set_buffer(CopySource::kFetched, fetched_.data());
    }
    std::vector<std::byte> sweep_;
    std::vector<std::byte> fetched_;
    FrameCoverage coverage_;
};

TEST_F(FrameCoverageTest, FindsFramesInsideRangesOnly) {
    coverage_.add_range(RemoteAddr(0x10000), 512, CopySource::kSweep, 100, 1000);
    const FrameCopies inside = coverage_.find(RemoteAddr(0x10010), 88);
    EXPECT_EQ(inside.first, sweep_.data() + 116);
    EXPECT_EQ(inside.second, sweep_.data() + 1016);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x10000 + 512 - 88), 88).first, sweep_.data() + 100 + 512 - 88);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x10000 + 512 - 80), 88).first, nullptr) << "reaches over the end";
    EXPECT_EQ(coverage_.find(RemoteAddr(0xfff8), 88).first, nullptr) << "begins before the start";
    EXPECT_EQ(coverage_.find(RemoteAddr(~0ULL - 7), 88).first, nullptr) << "no wrap-around";
}

TEST_F(FrameCoverageTest, TheFirstRangeWins) {
    coverage_.add_range(RemoteAddr(0x10100), 128, CopySource::kSweep, 0, 2000);    // the window
    coverage_.add_range(RemoteAddr(0x10000), 1024, CopySource::kSweep, 500, 500);  // its chunk, copied once
    EXPECT_EQ(coverage_.find(RemoteAddr(0x10008), 88).first, sweep_.data() + 508) << "the chunk is remembered";
    EXPECT_EQ(coverage_.find(RemoteAddr(0x10108), 88).first, sweep_.data() + 8);
    EXPECT_EQ(coverage_.find_late(RemoteAddr(0x10108), 88), sweep_.data() + 500 + 0x108);
    EXPECT_EQ(coverage_.find_late(RemoteAddr(0x20000), 88), nullptr);
    EXPECT_TRUE(coverage_.is_early(RemoteAddr(0x10108)));
    EXPECT_FALSE(coverage_.is_early(RemoteAddr(0x10008)));
}

TEST_F(FrameCoverageTest, FindsFramesInBlocksEarlyOnesFirst) {
    coverage_.add_block(RemoteAddr(0x20000), 512, CopySource::kSweep, 0, 1000);
    coverage_.add_block(RemoteAddr(0x30000), 256, CopySource::kSweep, 512, 1512);
    coverage_.add_block(RemoteAddr(0x20000), 1024, CopySource::kSweep, 2000, 2000);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x20100), 88).first, sweep_.data() + 0x100);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x20100), 88).second, sweep_.data() + 1000 + 0x100);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x30000), 88).first, sweep_.data() + 512);
    const FrameCopies late = coverage_.find(RemoteAddr(0x20300), 88);
    EXPECT_EQ(late.first, sweep_.data() + 2000 + 0x300);
    EXPECT_EQ(late.first, late.second);
    EXPECT_EQ(coverage_.find_late(RemoteAddr(0x20100), 88), nullptr);
    coverage_.add_joint(RemoteAddr(0x20080), 256, CopySource::kSweep, 3500);
    EXPECT_EQ(coverage_.find_late(RemoteAddr(0x20100), 88), sweep_.data() + 3500 + 0x80);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x1fff8), 88).first, nullptr);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x30000 + 256 - 80), 88).first, nullptr);
    EXPECT_FALSE(coverage_.in_range(RemoteAddr(0x20100))) << "not on the data stack";
}

TEST_F(FrameCoverageTest, FindsManySingleFramesInAnyOrder) {
    for (std::uint32_t i = 0; i < 40; ++i)
        coverage_.add_frame(RemoteAddr(0x50000 + i * 0x1000), 4, CopySource::kFetched, i * 8, i * 8 + 4);
    for (std::uint32_t i = 0; i < 40; ++i)
        EXPECT_EQ(coverage_.find(RemoteAddr(0x50000 + i * 0x1000), 8).first, fetched_.data() + i * 8);
    for (std::uint32_t i = 40; i-- > 0;)
        EXPECT_EQ(coverage_.find(RemoteAddr(0x50000 + i * 0x1000), 8).second, fetched_.data() + i * 8 + 4);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x4f000), 8).first, nullptr);
}

TEST_F(FrameCoverageTest, ClearForgetsEverything) {
    coverage_.add_range(RemoteAddr(0x10000), 512, CopySource::kSweep, 0, 512);
    coverage_.add_frame(RemoteAddr(0x50000), 4, CopySource::kFetched, 0, 8);
    coverage_.clear();
    EXPECT_EQ(coverage_.find(RemoteAddr(0x10000), 88).first, nullptr);
    EXPECT_EQ(coverage_.find(RemoteAddr(0x50000), 88).first, nullptr);
    EXPECT_FALSE(coverage_.in_range(RemoteAddr(0x10000)));
}

}  // namespace
}  // namespace lampyr::cpython
