// SPDX-License-Identifier: MIT
#include "unit/profile/sample_profile.hpp"

#include <lampyr/summary.hpp>

#include <gtest/gtest.h>

namespace lampyr {
namespace {

using namespace std::chrono_literals;
using test::ProfileDraft;

TEST(Summary, RecursionCountsAStackOnce) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const FrameId f1 = maker.frame("f", "/m.py", 2, 1);
    const FrameId f2 = maker.frame("f", "/m.py", 3, 1);
    const FrameId g = maker.frame("g", "/m.py", 11, 10);
    maker.sample(thread, maker.stack({f1, g, f2}));
    maker.sample(thread, maker.stack({f1, g, f2}));
    maker.sample(thread, maker.stack({f1, f2, f1}));
    maker.sample(thread, maker.stack({g}));
    const Profile profile = maker.finish();

    const std::vector<TopEntry> functions = top_functions(profile, 10);
    ASSERT_EQ(functions.size(), 2U);
    EXPECT_EQ(functions[0].label, "f (m.py:1)");
    EXPECT_EQ(functions[0].self, 30ms);
    EXPECT_EQ(functions[0].total, 30ms);
    EXPECT_DOUBLE_EQ(functions[0].self_share, 0.75);
    EXPECT_DOUBLE_EQ(functions[1].total_share, 0.75);
    EXPECT_EQ(functions[1].label, "g (m.py:10)");
    EXPECT_EQ(functions[1].self, 10ms);
    EXPECT_EQ(functions[1].total, 30ms);

    const std::vector<TopEntry> lines = top_lines(profile, 2);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].label, "f (m.py:3)");
    EXPECT_EQ(lines[0].self, 20ms);
    EXPECT_EQ(lines[0].total, 30ms);
    EXPECT_EQ(lines[1].label, "f (m.py:2)") << "same self as g, but more in total";
}

TEST(Summary, TimesCountAndNotSamples) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const StackId waits = maker.stack({maker.frame("waits", "/m.py", 1)});
    for (int i = 0; i < 9; ++i) maker.sample(thread, waits, 0, 0);
    maker.sample(thread, maker.stack({maker.frame("runs", "/m.py", 2)}), 0, 10);
    const std::vector<TopEntry> functions = top_functions(maker.finish(), 10);
    ASSERT_EQ(functions.size(), 1U);
    EXPECT_EQ(functions[0].label, "runs (m.py:1)");
    EXPECT_DOUBLE_EQ(functions[0].self_share, 1.0);
}

TEST(Summary, SelfTimesAddUpToAllTime) {
    for (unsigned seed = 0; seed < 8; ++seed) {
        const Profile profile = test::mixed_profile(seed);
        std::chrono::nanoseconds self{0};
        std::chrono::nanoseconds all{0};
        for (const Sample& sample : profile.samples) all += sample.weight;
        for (const TopEntry& entry : top_lines(profile, 1000)) {
            self += entry.self;
            EXPECT_LE(entry.total, all);
            EXPECT_GE(entry.total, entry.self);
        }
        EXPECT_EQ(self, all);
    }
}

TEST(Summary, OfNothingIsEmpty) { EXPECT_TRUE(top_functions(Profile{}, 3).empty()); }

}  // namespace
}  // namespace lampyr
