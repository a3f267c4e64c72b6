// SPDX-License-Identifier: MIT
#include "sampler/thread_clock.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace lampyr::sampler {
namespace {

using namespace std::chrono_literals;
using process::RunState;
using process::ThreadCpu;

TEST(ThreadClock, ABlockedThreadWithoutAChangeHasNotMoved) {
    ThreadClock clock;
    EXPECT_TRUE(clock.moved()) << "nothing is known";
    EXPECT_TRUE(clock.advance({1s, 1ms, 7})) << "nothing is known, so its state is asked";
    clock.set_state(RunState::kBlocked);
    EXPECT_FALSE(clock.advance({1s, 1ms, 7})) << "still blocked: no need to ask";
    EXPECT_FALSE(clock.moved());
    EXPECT_EQ(clock.state(), RunState::kBlocked);
}

TEST(ThreadClock, ARunningThreadWithoutAChangeStillRunsOrWaits) {
    ThreadClock clock;
    static_cast<void>(clock.advance({1s, 1ms, 7}));
    clock.set_state(RunState::kRunning);
    EXPECT_FALSE(clock.advance({1s, 1ms, 7}));
    EXPECT_TRUE(clock.moved()) << "the kernel counts it at its next tick only";
    EXPECT_EQ(clock.state(), RunState::kRunning);
    EXPECT_FALSE(clock.changed());
}

TEST(ThreadClock, AnyCounterIsAChange) {
    for (const ThreadCpu& now : {ThreadCpu{1s + 1ns, 1ms, 7}, {1s, 2ms, 8}, {1s, 1ms, 8}}) {
        ThreadClock clock;
        static_cast<void>(clock.advance({1s, 1ms, 7}));
        clock.set_state(RunState::kBlocked);
        EXPECT_TRUE(clock.advance(now)) << "it may run now";
        EXPECT_TRUE(clock.moved());
        EXPECT_TRUE(clock.changed());
        EXPECT_EQ(clock.change().ran, now.on_cpu - 1s);
        EXPECT_EQ(clock.change().waited, now.waiting - 1ms);
        EXPECT_EQ(clock.change().got_cpu, now.slices == 8);
    }
}

TEST(ThreadClock, CountersThatFallAreAnotherThreads) {
    ThreadClock clock;
    static_cast<void>(clock.advance({1s, 1ms, 7}));
    clock.set_state(RunState::kBlocked);
    EXPECT_TRUE(clock.advance({2ms, 0ms, 1}));
    EXPECT_TRUE(clock.moved());
    EXPECT_FALSE(clock.changed()) << "its time is not the old one's";
}

TEST(ThreadClock, TheKernelsOwnCountersSayWhoRuns) {
    test::ForkedChild child([](test::ChildPort& port) {
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const auto process = process::ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    process::ThreadCpuReader cpu(*process);
    process::ThreadStatusReader status(*process);
    ThreadClock clock;
    const auto look = [&] { clock.look(Tid(child.pid().value), cpu, status); };
    look();
    if (!clock.counted()) GTEST_SKIP() << "this kernel counts no CPU time of threads";
    EXPECT_TRUE(test::eventually([&] { return look(), !clock.moved(); }));
    EXPECT_EQ(clock.state(), RunState::kBlocked);
    for (int i = 0; i < 100; ++i) {
        look();
        EXPECT_FALSE(clock.moved());
    }
    child.signal(SIGSTOP);  // it gets the CPU once more to stop
    EXPECT_TRUE(test::eventually([&] { return look(), clock.changed(); }));
}

}  // namespace
}  // namespace lampyr::sampler
