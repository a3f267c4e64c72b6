// SPDX-License-Identifier: MIT
#include "sampler/cpu_share.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace lampyr::sampler {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr SampleId kA{1};
constexpr SampleId kB{2};

/// Sums of what each row was given.
class Weights {
  public:
    void take(std::span<const CpuShare::Given> given) {
        for (const CpuShare::Given& one : given) {
            EXPECT_GT(one.weight, 0ns);
            sums_[one.row] += one.weight;
        }
    }
    nanoseconds operator[](SampleId row) const {
        const auto found = sums_.find(row);
        return found == sums_.end() ? 0ns : found->second;
    }
    nanoseconds all() const {
        nanoseconds sum{0};
        for (const auto& [row, weight] : sums_) sum += weight;
        return sum;
    }

  private:
    std::map<SampleId, nanoseconds> sums_;
};

/// A thread and its scheduler: time runs in steps, the kernel counts at its tick of 4 ms and at each switch.
class FakeThread {
  public:
    explicit FakeThread(nanoseconds interval, std::uint32_t seed = 1) : interval_(interval), random_(seed) { plan(); }

    /// The thread holds a CPU for `time`, with `row` as its stack.
    void run(nanoseconds time, SampleId row) {
        if (!on_cpu_) {
            change_.waited += waited_;
            change_.got_cpu = true;
            waited_ = 0ns;
            on_cpu_ = true;
            changed_ = true;
        }
        pass(time, row, true);
    }
    /// It is runnable and another one has the CPU.
    void wait(nanoseconds time, SampleId row) {
        count();
        on_cpu_ = false;
        pass(time, row, true);
    }
    void sleep(nanoseconds time) {
        count();
        on_cpu_ = false;
        waited_ = 0ns;
        pass(time, kA, false);
        waited_ = 0ns;
    }
    void finish() {
        look();
        weights.take(share.finish());
    }

    CpuShare share;
    Weights weights;
    nanoseconds ran{0};

  private:
    void plan() {
        due_ = slot_ * interval_ + nanoseconds(static_cast<std::int64_t>(random_()) % interval_.count());
        ++slot_;
    }
    void count() {
        if (uncounted_.count() == 0) return;
        change_.ran += uncounted_;
        uncounted_ = 0ns;
        changed_ = true;
    }
    void look() {
        if (changed_) weights.take(share.settle(change_, now_));
        change_ = {};
        changed_ = false;
    }
    void pass(nanoseconds time, SampleId row, bool runnable) {
        const nanoseconds end = now_ + time;
        while (now_ < end) {
            const nanoseconds next = std::min({end, due_, tick_});
            if (on_cpu_) {
                uncounted_ += next - now_;
                ran += next - now_;
            } else if (runnable) {
                waited_ += next - now_;
            }
            now_ = next;
            if (now_ == tick_) {
                if (on_cpu_) count();
                tick_ += 4ms;
            }
            if (now_ != due_) continue;
            look();
            if (runnable) weights.take(share.add(row, interval_, now_));
            plan();
        }
    }

    nanoseconds interval_;
    std::minstd_rand random_;
    nanoseconds now_{0};
    nanoseconds due_{0};
    nanoseconds tick_{4ms};
    std::int64_t slot_ = 0;
    nanoseconds uncounted_{0};
    nanoseconds waited_{0};
    bool on_cpu_ = false;
    bool changed_ = false;
    CpuShare::Change change_;
};

double share_of(nanoseconds part, nanoseconds whole) {
    return static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

TEST(CpuShare, ABusyThreadsSamplesWeighTheSameInSpiteOfLumps) {
    CpuShare share;
    Weights weights;
    nanoseconds now = 0ns;
    for (int lump = 0; lump < 100; ++lump) {
        for (int i = 0; i < 40; ++i)
            weights.take(share.add(SampleId{static_cast<std::uint32_t>(i)}, 100us, now += 100us));
        weights.take(share.settle({4ms, 0ns, false}, now));
    }
    for (std::uint32_t i = 0; i < 40; ++i) EXPECT_EQ(weights[SampleId{i}], 10ms);
    EXPECT_EQ(share.kept(), 0ns);
}

TEST(CpuShare, WhatTheThreadDidNotRunIsNotGiven) {
    CpuShare share;
    Weights weights;
    weights.take(share.add(kA, 3ms, 1ms));
    weights.take(share.add(kB, 1ms, 4ms));
    weights.take(share.settle({3ms + 1ns, 0ns, false}, 5ms));
    EXPECT_EQ(weights.all(), 3ms + 1ns) << "to the last nanosecond";
    EXPECT_NEAR(share_of(weights[kA], weights.all()), 0.75, 1e-6) << "by what they stand for";
}

TEST(CpuShare, ASampleTakesNoMoreThanItStandsFor) {
    CpuShare share;
    Weights weights;
    weights.take(share.settle({30ms, 0ns, true}, 1ms));
    weights.take(share.add(kA, 10ms, 1ms));
    weights.take(share.settle({1ms, 0ns, false}, 11ms));
    EXPECT_EQ(weights[kA], 10ms);
    EXPECT_EQ(share.kept(), 21ms) << "for samples to come";
    weights.take(share.settle({5s, 0ns, false}, 12ms));
    EXPECT_EQ(share.kept(), 1s) << "within a bound";
}

TEST(CpuShare, AThreadThatWaitedHasNoTime) {
    CpuShare share;
    Weights weights;
    for (int i = 0; i < 5; ++i) weights.take(share.add(kA, 1ms, i * 1ms));
    weights.take(share.settle({0ns, 5ms, true}, 5ms));
    EXPECT_EQ(weights.all(), 0ns);
    EXPECT_EQ(share.waiting(), 5U);
    // The same, and it has run for a moment since.
    for (int i = 6; i < 11; ++i) weights.take(share.add(kA, 1ms, i * 1ms));
    weights.take(share.settle({300us, 5ms, true}, 11ms));
    EXPECT_EQ(weights.all(), 0ns);
    EXPECT_EQ(share.waiting(), 10U);
    EXPECT_EQ(share.kept(), 300us);
}

TEST(CpuShare, AWaitAfterTheSamplesDoesNotTakeTheirTime) {
    CpuShare share;
    Weights weights;
    for (int i = 0; i < 4; ++i) weights.take(share.add(kA, 1ms, i * 1ms));
    weights.take(share.settle({3500us, 20ms, true}, 30ms));
    EXPECT_EQ(weights[kA], 3500us);
    EXPECT_EQ(share.waiting(), 0U);
}

TEST(CpuShare, WhatDoesNotFitIsGivenOnCredit) {
    CpuShare share;
    Weights weights;
    const int samples = 5 * static_cast<int>(CpuShare::kRoom) + 7;
    for (int i = 0; i < samples; ++i) weights.take(share.add(SampleId{static_cast<std::uint32_t>(i)}, 10us, i * 10us));
    EXPECT_LE(share.pending(), CpuShare::kRoom);
    EXPECT_EQ(weights.all() + static_cast<int>(share.pending()) * 10us, samples * 10us);
    EXPECT_EQ(share.kept(), -weights.all());
    weights.take(share.settle({samples * 10us, 0ns, false}, samples * 10us));
    EXPECT_EQ(weights.all(), samples * 10us) << "nothing is dropped, nothing is given twice";
    EXPECT_EQ(share.kept(), 0ns);
}

TEST(CpuShare, AllocatesOnlyWhenMade) {
    CpuShare share;
    const auto* data = share.add(kA, 1ms, 1ms).data();
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(share.add(SampleId{static_cast<std::uint32_t>(i % 300)}, 1ms, i * 1ms).data(), data);
        if (i % 200 != 0) continue;
        EXPECT_EQ(share.settle({1ms, 0ns, false}, i * 1ms).data(), data);
    }
}

TEST(CpuShare, WhatIsPendingAtTheEndIsWeighedLikeTheRest) {
    CpuShare share;
    Weights weights;
    weights.take(share.add(kA, 10ms, 0ms));
    weights.take(share.settle({5ms, 0ns, false}, 10ms));
    weights.take(share.add(kB, 10ms, 10ms));
    weights.take(share.finish());
    EXPECT_EQ(weights[kB], 5ms);
}

/// Two programs on a core, switched at the scheduler's tick; this one always loses its CPU in A, where it is a tenth of
/// the time it runs.
TEST(CpuShare, WhereThreadsLoseTheirCpuIsNotWhereTheirTimeGoes) {
    for (const nanoseconds interval : {100us, 250us, 1000us}) {
        FakeThread thread(interval);
        for (int round = 0; round < 3000; ++round) {
            for (int i = 0; i < 10; ++i) {
                thread.run(30us + (i == 9 ? 300us : 270us), kB);
                thread.run(33us, kA);
            }
            thread.wait(3500us, kA);
        }
        thread.finish();
        const double truth = share_of(3000 * 330us, thread.ran);
        const double found = share_of(thread.weights[kA], thread.weights.all());
        EXPECT_NEAR(found, truth, 0.04) << interval.count();  // more than half of the samples are in A
        EXPECT_NEAR(share_of(thread.weights.all(), thread.ran), 1.0, 0.02) << interval.count();
    }
}

/// Short bursts between sleeps: few samples meet them, and each must stand for many bursts.
TEST(CpuShare, TimeOfShortBurstsIsNotLost) {
    std::minstd_rand random(5);
    for (const nanoseconds interval : {1ms, 10ms}) {
        FakeThread thread(interval, 9);
        for (int i = 0; i < 40'000; ++i) {
            thread.run(nanoseconds(50'000 + random() % 100'000), kA);
            thread.run(nanoseconds(100'000 + random() % 400'000), kB);
            thread.sleep(nanoseconds(200'000 + random() % 2'000'000));
        }
        thread.finish();
        const double truth = share_of(40'000 * 100us, thread.ran);
        EXPECT_NEAR(share_of(thread.weights[kA], thread.weights.all()), truth, 0.03) << interval.count();
        EXPECT_LE(thread.ran - thread.weights.all(), 1s + 10ms);
        EXPECT_GE(share_of(thread.weights.all(), thread.ran), 0.93) << interval.count();
    }
}

/// It ran a while after a wait, and not up to the moment of the sample: it may have lost the CPU where it stands.
TEST(CpuShare, DoubtfulSamplesLeaveTheTimeToOthers) {
    CpuShare share;
    Weights weights;
    nanoseconds now = 0ns;
    nanoseconds ran = 0ns;
    for (int round = 0; round < 1000; ++round) {
        now += 1ms;
        ran += 960us;
        weights.take(share.settle({960us, 40us, true}, now));  // ran up to now
        weights.take(share.add(kA, 1ms, now));
        now += 1ms;
        ran += 40us;
        weights.take(share.settle({40us, 30us, true}, now));  // lost the CPU to somebody else
        weights.take(share.add(kB, 1ms, now));
        weights.take(share.settle({0ns, 700us, true}, now += 100us));
    }
    EXPECT_LE(weights[kB], 10ms);
    // Where there are no better ones, they are taken.
    for (int round = 0; round < 1000; ++round) {
        now += 10ms;
        ran += 3ms;
        weights.take(share.settle({3ms, 40us, true}, now));
        weights.take(share.add(kB, 10ms, now));
    }
    weights.take(share.finish());
    EXPECT_GE(share_of(weights.all(), ran), 0.97);
}

/// A recording of a few samples, all in doubt.
TEST(CpuShare, TimeLeftOverGoesToSamplesInDoubtAtTheEnd) {
    CpuShare share;
    Weights weights;
    for (int i = 1; i <= 3; ++i) {
        weights.take(share.settle({4ms, 40us, true}, i * 10ms));
        weights.take(share.add(SampleId{static_cast<std::uint32_t>(i)}, 10ms, i * 10ms));
    }
    weights.take(share.settle({4ms, 40us, true}, 40ms));
    EXPECT_EQ(weights.all(), 0ns);
    weights.take(share.finish());
    EXPECT_NEAR(share_of(weights.all(), 16ms), 1.0, 1e-6);
    EXPECT_NEAR(share_of(weights[SampleId{1}], weights[SampleId{3}]), 1.0, 1e-6);
    EXPECT_EQ(share.kept() / 1us, 0);
}

/// One core for both: each sample is taken in the moment the thread lost the CPU to the sampler.
TEST(CpuShare, SamplesTakenAtTheSwitchCountForTheTimeBefore) {
    CpuShare share;
    Weights weights;
    nanoseconds now = 0ns;
    nanoseconds ran = 0ns;
    for (int episode = 0; episode < 200; ++episode) {
        for (int i = 0; i < 5; ++i) {  // ran for an interval, less the 20 us the sampler had
            now += 1ms;
            ran += 980us;
            weights.take(share.settle({980us, i == 0 && episode > 0 ? 6ms : 20us, true}, now));
            weights.take(share.add(kA, 1ms, now));
        }
        for (int i = 0; i < 6; ++i) weights.take(share.add(kA, 1ms, now += 1ms));  // another one has the core
    }
    EXPECT_GE(share_of(weights.all(), ran), 0.98);
    EXPECT_LE(weights.all(), ran);
}

}  // namespace
}  // namespace lampyr::sampler
