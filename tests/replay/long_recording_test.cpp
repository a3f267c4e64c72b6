// SPDX-License-Identifier: MIT
// Memory grows with distinct stacks, not with samples. tests/bench/hour.cpp does the same for an hour at 1 kHz.
#include "replay/long_recording.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

namespace lampyr {
namespace {

using namespace std::chrono_literals;

std::size_t heap_in_use() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(LongRecording, MemoryDoesNotGrowWithSamples) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's allocator does not tell what is in use";
#endif
    auto recording = test::LongRecording::open("cpython-3.13");
    ASSERT_TRUE(recording) << to_string(recording.error());
    std::size_t early = 0;
    std::size_t late = 0;
    std::uint64_t early_stacks = 0;
    const auto result = recording->run(1000, 60s, [&](const SamplerProgress& progress) {
        late = heap_in_use();
        if (progress.elapsed < 15s) return;
        if (early == 0) {
            early = late;
            early_stacks = progress.stacks;
        }
    });
    ASSERT_TRUE(result) << to_string(result.error());
    const Profile& profile = result->profile;
    EXPECT_GE(profile.info.stacks, 150'000U);
    EXPECT_GT(profile.info.stacks, 3 * early_stacks);
    EXPECT_GT(profile.samples.size(), 200U) << "too few distinct stacks to say anything";
    EXPECT_LT(profile.samples.size(), profile.info.stacks / 20);
    EXPECT_LT(static_cast<double>(late), 1.1 * static_cast<double>(early));
    std::chrono::nanoseconds weights{0};
    for (const Sample& sample : profile.samples) weights += sample.weight;
    EXPECT_EQ(weights / 1ms, profile.info.stacks) << "each stands for one interval";
}

}  // namespace
}  // namespace lampyr
