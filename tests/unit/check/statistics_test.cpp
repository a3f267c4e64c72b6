// SPDX-License-Identifier: MIT
#include "check/statistics.hpp"

#include "simulator.hpp"

#include <gtest/gtest.h>
#include <boost/math/distributions/binomial.hpp>

#include <algorithm>
#include <string>

namespace lampyr::check {
namespace {

using test::Injected;
using test::RunOrder;
using test::Simulator;
using test::World;

constexpr std::size_t kTrials = 2000;

bool any_alarm(const Analysis& analysis) {
    const AlarmLimits limits;
    bool alarm = analysis.program && is_alarm(*analysis.program, analysis.program_slower, limits);
    for (const Tested& tested : analysis.functions) {
        alarm = alarm || (tested.self && is_alarm(*tested.self, tested.self_slower, limits));
        alarm = alarm || (tested.total && is_alarm(*tested.total, tested.total_slower, limits));
    }
    return alarm;
}

std::size_t alarms(const World& world, std::size_t runs, std::size_t trials, std::uint64_t seed) {
    Simulator simulator(world, seed);
    std::size_t count = 0;
    for (std::size_t i = 0; i < trials; ++i)
        count += any_alarm(analyse(simulator.measure(runs), {.alternating = world.order == RunOrder::kAlternating}))
                     ? 1U
                     : 0U;
    return count;
}

/// The true rate is below this in 99 of 100 (Clopper and Pearson).
double upper_bound(std::size_t count, std::size_t trials) {
    return boost::math::binomial::find_upper_bound_on_p(static_cast<double>(trials), static_cast<double>(count), 0.01);
}

void expect_few_alarms(const std::string& what, const World& world, std::size_t runs, std::uint64_t seed) {
    const std::size_t count = alarms(world, runs, kTrials, seed);
    ::testing::Test::RecordProperty(what, std::to_string(count));
    std::printf("A/A, %s, %zu runs a side: %zu alarms in %zu, 99 %% bound %.2f %%\n", what.c_str(), runs, count,
                kTrials, 100 * upper_bound(count, kTrials));
    EXPECT_LE(upper_bound(count, kTrials), 0.01) << what;
}

TEST(Alarms, AreRareWhereOnlyCountingVaries) {
    expect_few_alarms("binomial", {}, 5, 1);
    expect_few_alarms("binomial", {}, 10, 2);
}
TEST(Alarms, AreRareWhereFunctionsVaryFromRunToRun) {
    expect_few_alarms("over-dispersed 2 %", {.own_noise = 0.02}, 10, 3);
    expect_few_alarms("over-dispersed 3 %", {.own_noise = 0.03}, 5, 4);
}
TEST(Alarms, AreRareWithWildRuns) { expect_few_alarms("outliers", {.own_noise = 0.02, .outlier_chance = 0.05}, 10, 5); }
TEST(Alarms, AreRareWhileTheMachineDriftsIfRunsAlternate) {
    expect_few_alarms("drift, ABBA", {.own_noise = 0.01, .drift = 0.05}, 10, 6);
}

TEST(Alarms, AreCommonWhileTheMachineDriftsIfRunsDoNotAlternate) {
    const std::size_t count =
        alarms({.own_noise = 0.01, .drift = 0.05, .order = RunOrder::kBlocked}, 10, kTrials / 4, 7);
    std::printf("A/A, drift, blocked: %zu alarms in %zu\n", count, kTrials / 4);
    EXPECT_GT(count, kTrials / 4 * 3 / 100);
}

struct Power {
    double found = 0;
    double covered = 0;
    double bias = 0;
};

Power power(const World& world, std::size_t runs, Injected injected, std::size_t trials, std::uint64_t seed) {
    Simulator simulator(world, seed);
    Power result;
    for (std::size_t i = 0; i < trials; ++i) {
        const Analysis analysis = analyse(simulator.measure(runs, injected), {});
        const Tested& tested = analysis.functions[injected.function];
        result.found += is_alarm(*tested.self, tested.self_slower, {}) ? 1 : 0;
        const double truth = injected.factor - 1;
        result.covered += tested.self->low() <= truth && truth <= tested.self->high() ? 1 : 0;
        result.bias += tested.self->effect() - truth;
    }
    const auto n = static_cast<double>(trials);
    result.found /= n;
    result.covered /= n;
    result.bias /= n;
    std::printf("%+.0f %% at %.1f %%, %zu runs a side: found %.1f %%, covered %.1f %%, bias %+.2f points\n",
                100 * (injected.factor - 1), 100 * simulator.share(injected.function), runs, 100 * result.found,
                100 * result.covered, 100 * result.bias);
    return result;
}

TEST(Power, FivePercentInALargeFunction) {
    const Power result = power({.own_noise = 0.01}, 20, {0, 1.05}, 1000, 11);
    EXPECT_GE(result.found, 0.95);
    EXPECT_GE(result.covered, 0.92);
    EXPECT_LE(result.covered, 0.98);
    EXPECT_LE(std::abs(result.bias), 0.003);
}
TEST(Power, TwentyPercentInASmallFunction) {
    const Power result = power({.own_noise = 0.01}, 10, {4, 1.20}, 1000, 12);
    EXPECT_GE(result.found, 0.95);
    EXPECT_GE(result.covered, 0.92);
    EXPECT_LE(result.covered, 0.98);
    EXPECT_LE(std::abs(result.bias), 0.003);
}

TEST(Statistics, IntervalsCoverTheTruthInEveryWorld) {
    for (const World& world : {World{}, World{.own_noise = 0.02}, World{.own_noise = 0.02, .drift = 0.02}}) {
        Simulator simulator(world, 21);
        double covered = 0;
        double all = 0;
        double sum = 0;
        for (std::size_t i = 0; i < 300; ++i) {
            for (const Tested& tested : analyse(simulator.measure(10), {}).functions) {
                if (!tested.self_in_family) continue;
                covered += tested.self->low() <= 0 && 0 <= tested.self->high() ? 1 : 0;
                sum += tested.self->effect();
                ++all;
            }
        }
        EXPECT_GE(covered / all, 0.92);
        EXPECT_LE(covered / all, 0.98);
        EXPECT_LE(std::abs(sum / all), 0.003);
    }
}

/// Five runs a side; in one of them one function took far longer, as if the machine had swapped. Pooled over runs that is
/// 20 times the spread of counting, and a test of pooled samples is sure of it.
TEST(Statistics, AWildRunIsNoRegression) {
    Simulator simulator({.own_noise = 0.01}, 31);
    RunMatrix matrix = simulator.measure(5);
    for (auto* table : {&matrix.self, &matrix.total}) {
        (*table)[0][7].time *= 1.9;
        (*table)[0][7].samples *= 1.9;
    }
    double base = 0;
    double now = 0;
    for (std::size_t run = 0; run < 10; ++run) (matrix.is_now(run) ? now : base) += matrix.self[0][run].time;
    EXPECT_GT((now - base) / std::sqrt(now + base), 4) << "a pooled test would have alarmed";
    EXPECT_FALSE(any_alarm(analyse(matrix, {})));
}

TEST(Statistics, AUniformSlowdownIsTheProgramsNotTheHosts) {
    Simulator simulator({.own_noise = 0.01, .host_noise = 0.01}, 41);
    RunMatrix matrix = simulator.measure(10);
    for (std::size_t run = 10; run < 20; ++run) matrix.program[run] *= 1.1;
    const Analysis analysis = analyse(matrix, {});
    EXPECT_TRUE(analysis.program_slower);
    EXPECT_NEAR(analysis.program->effect(), 0.1, 0.02);
}

TEST(Statistics, AFasterFunctionIsFoundAndMakesNoOtherSlower) {
    Simulator simulator({.own_noise = 0.01}, 51);
    std::size_t found = 0;
    std::size_t alarm = 0;
    for (std::size_t i = 0; i < 300; ++i) {
        const Analysis analysis = analyse(simulator.measure(10, {1, 0.8}), {});
        found += analysis.functions[1].self_faster ? 1U : 0U;
        alarm += any_alarm(analysis) ? 1U : 0U;
    }
    EXPECT_GE(found, 290U);
    std::printf("\n%zu of 300 checks found another function slower\n", alarm);
    EXPECT_LE(alarm, 6U);
}

/// A change of much more than half of the time is no speed of the host: what nobody changed did not become faster.
TEST(Statistics, MuchThatIsSlowerMakesNothingElseFaster) {
    Simulator simulator({.own_noise = 0.01}, 61);
    std::size_t others = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        RunMatrix matrix = simulator.measure(10);
        std::size_t changed = 0;
        for (double share = 0; share < 0.65; ++changed) {
            share += simulator.share(changed);
            for (std::size_t run = matrix.base_runs; run < matrix.runs(); ++run) {
                matrix.self[changed][run].time *= 2;
                matrix.self[changed][run].samples *= 2;
            }
        }
        const Analysis analysis = analyse(matrix, {.alternating = true});
        for (std::size_t f = 0; f < 60; ++f) {
            if (f < changed) {
                EXPECT_TRUE(analysis.functions[f].self_slower) << f;
                continue;
            }
            others += analysis.functions[f].self_faster || analysis.functions[f].self_slower ? 1U : 0U;
        }
    }
    std::printf("\n%zu other functions of 100 checks seemed to have changed\n", others);
    EXPECT_LE(others, 5U);
}

TEST(Statistics, OneRunASideTestsNothing) {
    Simulator simulator({}, 61);
    const Analysis analysis = analyse(simulator.measure(1), {});
    EXPECT_FALSE(analysis.program);
    for (const Tested& tested : analysis.functions) EXPECT_FALSE(tested.self || tested.total);
}

TEST(Statistics, WhatCouldHaveBeenFoundIsFoundNineTimesInTen) {
    Simulator calm({.own_noise = 0.01}, 71);
    const double detectable = analyse(calm.measure(10), {}).functions[1].self->detectable;
    const Power result = power({.own_noise = 0.01}, 10, {1, 1 + detectable}, 400, 72);
    EXPECT_GT(result.found, 0.7) << "the effect is an estimate itself, from one check";
    EXPECT_LT(result.found, 0.995);
}

TEST(Statistics, DiscoveriesAreThoseOfBenjaminiAndHochberg) {
    // Their own example (1995, section 4.1): at 0.05, the first four of fifteen.
    const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    const std::vector<bool> found = discoveries(p, 0.05);
    EXPECT_EQ(std::count(found.begin(), found.end(), true), 4);
    EXPECT_TRUE(found[3] && !found[4]);
    EXPECT_TRUE(discoveries({}, 0.05).empty());
}

TEST(Statistics, IntervalsAreStudents) {
    // Tables: t(0.975; 10) = 2.228, normal 1.960.
    EXPECT_NEAR(interval95(1, 0.5, 10).high, 1 + 0.5 * 2.228139, 1e-6);
    EXPECT_NEAR(interval95(1, 0.5, 0).low, 1 - 0.5 * 1.959964, 1e-6);
}

TEST(Statistics, SmallerEffectsNeedMoreRuns) {
    const double variance = 1.0 / 2500 + 1e-4;
    EXPECT_GT(runs_needed(0.05, variance, 1e-3), runs_needed(0.10, variance, 1e-3));
    EXPECT_GT(runs_needed(0.05, 4 * variance, 1e-3), runs_needed(0.05, variance, 1e-3));
    EXPECT_GE(runs_needed(10, variance, 1e-3), 2U);
}

/// Screen with few runs, and only what was flagged gets more: `check --adaptive`.
TEST(Alarms, ScreenAndConfirmNeedsFewRunsWhereThereIsNothing) {
    Simulator simulator({.own_noise = 0.02}, 81);
    std::size_t runs = 0;
    std::size_t alarm = 0;
    for (std::size_t i = 0; i < kTrials; ++i) {
        const Screening screening = screen(analyse(simulator.measure(kScreenRuns), {.chance = kScreenChance}), {});
        runs += kScreenRuns;
        if (!screening.any()) continue;
        runs += kConfirmRuns;
        TestOptions options;
        options.only = screening.functions;
        options.only_program = screening.program;
        alarm += any_alarm(analyse(simulator.measure(kConfirmRuns), options)) ? 1U : 0U;
    }
    const double mean = static_cast<double>(runs) / static_cast<double>(kTrials);
    std::printf("adaptive: %.2f runs a side, %zu alarms in %zu, 99 %% bound %.2f %%\n", mean, alarm, kTrials,
                100 * upper_bound(alarm, kTrials));
    EXPECT_LE(mean, 7);
    EXPECT_LE(upper_bound(alarm, kTrials), 0.01);
}

}  // namespace
}  // namespace lampyr::check
