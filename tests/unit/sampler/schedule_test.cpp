// SPDX-License-Identifier: MIT
#include "sampler/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lampyr::sampler {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kStart{1'000'000'000};
constexpr double kRate = 1000;
constexpr std::int64_t kInterval = 1'000'000;

TEST(Schedule, KeepsTheMeanRateAndOneTickASlot) {
    Schedule schedule(kStart, kRate, 7);
    nanoseconds now = kStart;
    for (std::int64_t slot = 0; slot < 10'000; ++slot) {
        const Schedule::Tick tick = schedule.next(now);
        EXPECT_EQ(tick.skipped, 0U);
        EXPECT_GE(tick.due, kStart + nanoseconds(slot * kInterval));
        EXPECT_LT(tick.due, kStart + nanoseconds((slot + 1) * kInterval));
        now = tick.due;
    }
}

TEST(Schedule, PhasesCoverTheWholeInterval) {
    Schedule schedule(kStart, kRate, 3);
    std::vector<int> buckets(10);
    nanoseconds now = kStart;
    for (int i = 0; i < 10'000; ++i) {
        now = schedule.next(now).due;
        ++buckets[static_cast<std::size_t>((now - kStart).count() % kInterval * 10 / kInterval)];
    }
    // 1000 expected in each; 5 standard deviations.
    EXPECT_GT(*std::min_element(buckets.begin(), buckets.end()), 850);
    EXPECT_LT(*std::max_element(buckets.begin(), buckets.end()), 1150);
}

TEST(Schedule, CountsMissedSlotsAndDoesNotMakeThemUp) {
    Schedule schedule(kStart, kRate, 1);
    (void)schedule.next(kStart);
    const nanoseconds late = kStart + nanoseconds(10 * kInterval + kInterval / 2);
    const Schedule::Tick tick = schedule.next(late);
    EXPECT_EQ(tick.skipped, 9U);
    const Schedule::Tick after = schedule.next(std::max(late, tick.due));
    EXPECT_EQ(after.skipped, 0U);
    EXPECT_GE(after.due, kStart + nanoseconds(11 * kInterval));
}

TEST(Schedule, ANewRateBeginsNow) {
    Schedule schedule(kStart, kRate, 5);
    nanoseconds now = kStart;
    for (int i = 0; i < 100; ++i) now = schedule.next(now).due;
    schedule.set_rate(now, kRate / 4);
    EXPECT_EQ(schedule.interval(), nanoseconds(4 * kInterval));
    const nanoseconds changed = now;
    for (std::int64_t slot = 0; slot < 100; ++slot) {
        const Schedule::Tick tick = schedule.next(now);
        EXPECT_EQ(tick.skipped, 0U);
        EXPECT_GE(tick.due, changed + nanoseconds(slot * 4 * kInterval));
        EXPECT_LT(tick.due, changed + nanoseconds((slot + 1) * 4 * kInterval));
        now = tick.due;
    }
}

TEST(Schedule, TwoSeedsGiveTwoSchedules) {
    Schedule a(kStart, kRate, 1);
    Schedule b(kStart, kRate, 3);
    EXPECT_NE(a.next(kStart).due, b.next(kStart).due);
}

}  // namespace
}  // namespace lampyr::sampler
