// SPDX-License-Identifier: MIT
#include "process/thread_status.hpp"

#include "process/proc_file.hpp"
#include "support/child.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;

[[noreturn]] void spin() {
    for (;;) asm volatile("" ::: "memory");
}

/// What a child does that waits, and then works.
int spins_when_told(ChildPort& port) {
    port.ready();
    port.await_go();
    spin();
    return 0;
}

Tid main_thread(const ForkedChild& child) { return Tid(child.pid().value); }

class ThreadStatusSources : public testing::TestWithParam<ThreadStatusReader::Source> {};

TEST_P(ThreadStatusSources, TellsRunningFromBlockedFromGone) {
    ForkedChild child(spins_when_told);
    child.await_ready();
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    ThreadStatusReader reader(*process, GetParam());
    const Tid tid = main_thread(child);
    EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kBlocked; }));
    child.go();
    EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kRunning; }));
    EXPECT_EQ(reader.files().kept(), 1U);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(reader.state(tid), RunState::kRunning);

    child.signal(SIGSTOP);
    EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kBlocked; }));
    child.signal(SIGKILL);
    child.await_zombie();
    EXPECT_EQ(reader.state(tid), RunState::kGone);
    child.kill();
    EXPECT_EQ(reader.state(tid), RunState::kGone);
    EXPECT_EQ(reader.files().kept(), 0U);
    EXPECT_EQ(reader.source(), GetParam());
}

/// To wait is to give up the CPU; to lose it is not.
TEST(ThreadStatus, CountsHowOftenAThreadGaveUpItsCpu) {
    ForkedChild child(spins_when_told);
    child.await_ready();
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    ThreadStatusReader reader(*process);
    const Tid tid = main_thread(child);
    EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kBlocked; }));
    const auto waiting = reader.voluntary_switches(tid);
    ASSERT_TRUE(waiting);
    EXPECT_GE(*waiting, 1U);
    EXPECT_EQ(reader.voluntary_switches(tid), waiting);
    child.go();
    EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kRunning; }));
    const auto running = reader.voluntary_switches(tid);
    child.signal(SIGSTOP);
    EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kBlocked; }));
    EXPECT_EQ(reader.voluntary_switches(tid), *running + 1);
    EXPECT_EQ(reader.voluntary_switches(Tid(0x7ffffff0)), std::nullopt);
}

/// Two spinning processes on one CPU: one of them has no CPU at any moment, and both count as running.
TEST_P(ThreadStatusSources, CountsARunnableThreadWithoutACpuAsRunning) {
    const auto body = [](ChildPort& port) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        ::sched_setaffinity(0, sizeof one, &one);
        port.ready();
        spin();
        return 0;
    };
    ForkedChild first(body);
    ForkedChild second(body);
    first.await_ready();
    second.await_ready();
    const auto one = ProcessHandle::open(first.pid());
    const auto two = ProcessHandle::open(second.pid());
    ASSERT_TRUE(one && two);
    ThreadStatusReader first_reader(*one, GetParam());
    ThreadStatusReader second_reader(*two, GetParam());
    ASSERT_TRUE(eventually([&] {
        return first_reader.state(main_thread(first)) == RunState::kRunning &&
               second_reader.state(main_thread(second)) == RunState::kRunning;
    }));
    for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(first_reader.state(main_thread(first)), RunState::kRunning);
        ASSERT_EQ(second_reader.state(main_thread(second)), RunState::kRunning);
    }
}

INSTANTIATE_TEST_SUITE_P(All, ThreadStatusSources,
                         testing::Values(ThreadStatusReader::Source::kSyscall, ThreadStatusReader::Source::kStat),
                         [](const auto& param) {
                             return param.param == ThreadStatusReader::Source::kStat ? "Stat" : "Syscall";
                         });

constexpr int kThreads = 20;

int run_blocked_threads(ChildPort& port) {
    static ChildPort* shared = &port;
    for (int i = 0; i < kThreads; ++i) {
        pthread_t thread{};
        ::pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
                shared->send(static_cast<std::int32_t>(::syscall(SYS_gettid)));
                for (;;) ::pause();
            },
            nullptr);
    }
    port.await_go();
    return 0;
}

TEST(ThreadStatus, KeepsFewFilesWhenDescriptorsAreScarce) {
    ForkedChild child(run_blocked_threads);
    std::vector<Tid> tids;
    for (int i = 0; i < kThreads; ++i) tids.emplace_back(child.receive<std::int32_t>());
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    ThreadStatusReader reader(*process);
    const int next = UniqueFd(::dup(0)).get();
    reader.files().set_highest_descriptor(next + 8);
    for (int round = 0; round < 3; ++round) {
        for (const Tid tid : tids) {
            EXPECT_TRUE(eventually([&] { return reader.state(tid) == RunState::kBlocked; }));
        }
    }
    EXPECT_GE(reader.files().kept(), 1U);
    EXPECT_LE(reader.files().kept(), 8U);
}

TEST(ThreadStatus, AnswersWithoutPermissionToTrace) {
    ForkedChild victim([](ChildPort& port) {
        port.ready();
        port.await_go();
        return 0;
    });
    victim.await_ready();
    if (::getuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
    ForkedChild reader([&](ChildPort& port) {
        if (::setresuid(65534, 65534, 65534) != 0) return 2;
        const auto process = ProcessHandle::open(victim.pid());
        if (!process) return 3;
        ThreadStatusReader status(*process);
        const bool blocked = eventually([&] { return status.state(Tid(victim.pid().value)) == RunState::kBlocked; });
        port.send(status.source());
        return blocked ? 0 : 4;
    });
    EXPECT_EQ(reader.receive<ThreadStatusReader::Source>(), ThreadStatusReader::Source::kStat);
    EXPECT_EQ(reader.wait(), 0);
}

TEST(ThreadStatus, DoesNotTakeAMissingThreadForAMissingFile) {
    const auto process = ProcessHandle::open(Pid(::getpid()));
    ASSERT_TRUE(process);
    ThreadStatusReader reader(*process);
    EXPECT_EQ(reader.state(Tid(0x7fffffff)), RunState::kGone);
    EXPECT_EQ(reader.source(), ThreadStatusReader::Source::kSyscall);
}

TEST(ThreadList, ListsEveryThreadAgainAndAgain) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer has a thread of its own in every process";
    ForkedChild child(run_blocked_threads);
    std::vector<Tid> expected{main_thread(child)};
    for (int i = 0; i < kThreads; ++i) expected.emplace_back(child.receive<std::int32_t>());
    std::sort(expected.begin(), expected.end());
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    const auto list = ThreadList::open(*process);
    ASSERT_TRUE(list);
    std::vector<Tid> threads;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(list->list(threads));
        std::sort(threads.begin(), threads.end());
        EXPECT_EQ(threads, expected);
    }
    child.kill();
    EXPECT_FALSE(list->list(threads));
    EXPECT_FALSE(list_threads(child.pid()));
}

TEST(ThreadCpu, CountsCpuTimeOfASpinner) {
    ForkedChild child(spins_when_told);
    child.await_ready();
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    ThreadCpuReader reader(*process);
    const auto before = reader.read(main_thread(child));
    if (!before) GTEST_SKIP() << "this kernel has no schedstat";
    EXPECT_GT(before->slices, 0U);
    child.go();
    EXPECT_TRUE(eventually(
        [&] { return reader.read(main_thread(child))->on_cpu - before->on_cpu >= std::chrono::milliseconds(10); }));
    child.kill();
    EXPECT_FALSE(reader.read(main_thread(child)));
}

}  // namespace
}  // namespace lampyr::process
