// SPDX-License-Identifier: MIT
#include "profile/share_comparison.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>

#include <array>

namespace lampyr::profile {
namespace {

using namespace std::chrono_literals;
using test::ProfileDraft;

/// A program of `main` and ten leaves.
struct Program {
    static constexpr std::size_t kLeaves = 10;
    ProfileDraft draft;
    ThreadId thread = draft.thread(draft.process(1), 1);
    std::array<StackId, kLeaves> stacks;
    Profile tables;

    Program() {
        const FrameId main = draft.frame("main", "/m.py", 1);
        for (std::size_t i = 0; i < kLeaves; ++i)
            stacks[i] = draft.stack({main, draft.frame("leaf" + std::to_string(i), "/m.py", 10)});
        tables = draft.finish();
    }

    /// `count` samples; `first` is the chance of the first leaf, the others share the rest.
    WeighedSamples draw(std::mt19937& random, std::size_t count, double first) const {
        std::array<std::uint64_t, kLeaves> counts{};
        std::uniform_real_distribution<double> place(0.0, 1.0);
        for (std::size_t i = 0; i < count; ++i) ++counts[place(random) < first ? 0 : 1 + random() % (kLeaves - 1)];
        WeighedSamples drawn;
        for (std::size_t i = 0; i < kLeaves; ++i) {
            if (counts[i] == 0) continue;
            const auto weight = 10ms * static_cast<std::int64_t>(counts[i]);
            drawn.samples.push_back({thread, stacks[i], ThreadState::kRunning, counts[i], weight, 0ns});
            drawn.effective.add(weight, static_cast<std::uint32_t>(counts[i]));
        }
        return drawn;
    }
    ShareComparison compare(const WeighedSamples& a, const WeighedSamples& b) const {
        return compare_shares(tables, a.samples, a.effective.value(), b.samples, b.effective.value());
    }
};

TEST(EffectiveCount, UnequalWeightsSayLess) {
    EffectiveCount equal;
    for (int i = 0; i < 100; ++i) equal.add(3ms, 1);
    EXPECT_NEAR(equal.value(), 100, 1e-9);
    EffectiveCount together;
    together.add(300ms, 100);
    EXPECT_NEAR(together.value(), 100, 1e-9);
    EffectiveCount unequal;
    unequal.add(100ms, 1);
    for (int i = 0; i < 99; ++i) unequal.add(1us, 1);
    EXPECT_LT(unequal.value(), 1.1);
    EXPECT_EQ(EffectiveCount().value(), 0);
}

TEST(ShareComparison, EqualSharesAreCalledDifferentRarely) {
    const Program program;
    std::mt19937 random(11);
    int called = 0;
    for (int i = 0; i < 500; ++i)
        if (program.compare(program.draw(random, 5000, 0.3), program.draw(random, 1000, 0.3)).significant) ++called;
    EXPECT_LE(called, 15) << "one in a hundred is allowed: 5 expected, 15 in one of ten thousand runs";
}

TEST(ShareComparison, ADifferenceIsFoundAndNamed) {
    const Program program;
    std::mt19937 random(12);
    int found = 0;
    for (int i = 0; i < 100; ++i) {
        const auto result = program.compare(program.draw(random, 5000, 0.30), program.draw(random, 1000, 0.40));
        EXPECT_EQ(result.tested, 2 * Program::kLeaves) << "main is in all, so its share cannot differ";
        if (!result.significant) continue;
        ++found;
        const Function& function = program.tables.functions[result.significant->function.value];
        EXPECT_EQ(program.tables.string(function.name), "leaf0");
        EXPECT_LT(result.significant->first, result.significant->second);
        EXPECT_EQ(result.significant->size(), result.largest);
        EXPECT_NEAR(result.significant->standard_error, 0.0162, 0.001);
    }
    EXPECT_GE(found, 98) << "six standard errors";
}

TEST(ShareComparison, WhatIsSmallDoesNotMatter) {
    const Program program;
    std::mt19937 random(13);
    const auto result = program.compare(program.draw(random, 400'000, 0.300), program.draw(random, 400'000, 0.312));
    EXPECT_GT(result.largest, 0.008);
    EXPECT_FALSE(result.significant) << "ten standard errors, but a point of share";
}

TEST(ShareComparison, FewSamplesAreNotTested) {
    const Program program;
    std::mt19937 random(14);
    EXPECT_EQ(program.compare(program.draw(random, 1000, 0.3), program.draw(random, 8, 0.9)).tested, 0U);
    EXPECT_EQ(program.compare(program.draw(random, 1000, 0.3), {}).tested, 0U);
    EXPECT_EQ(compare_shares(Profile{}, {}, 100, {}, 100).tested, 0U);
}

TEST(ShareComparison, RecursionCountsOnceAndMarkersDoNot) {
    ProfileDraft draft;
    const ThreadId thread = draft.thread(draft.process(1), 1);
    const FrameId f = draft.frame("f", "/m.py", 1);
    const FrameId g = draft.frame("g", "/m.py", 1);
    const FrameId unproven = draft.builder.intern_marker("(unproven)");
    const std::array<StackId, 3> stacks{draft.stack({f, f, f}), draft.stack({g}), draft.stack({g, unproven})};
    const Profile tables = draft.finish();
    const auto samples = [&](int first, int second, int third) {
        std::vector<Sample> rows;
        const std::array<int, 3> weights{first, second, third};
        for (std::size_t i = 0; i < weights.size(); ++i)
            rows.push_back({thread, stacks[i], ThreadState::kRunning, 1, weights[i] * 1ms, 0ns});
        return rows;
    };
    const auto result = compare_shares(tables, samples(500, 500, 0), 1000, samples(300, 300, 400), 1000);
    EXPECT_EQ(result.tested, 4U);
    ASSERT_TRUE(result.significant);
    EXPECT_NEAR(result.largest, 0.2, 1e-9) << "f: half of the time, whatever its depth, and then 30 %";
}

}  // namespace
}  // namespace lampyr::profile
