// SPDX-License-Identifier: MIT
#include "process/thread_stopper.hpp"

#include "process/proc_file.hpp"
#include "process/proc_maps.hpp"
#include "process/process_info.hpp"
#include "process/status_file.hpp"
#include "process/thread_status.hpp"
#include "process/vm_memory.hpp"
#include "support/child.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <new>
#include <string>
#include <vector>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;
using test::thread_state;

/// Counters that the victim moves and the test watches.
struct Shared {
    std::atomic<std::uint64_t> turns{0};
    std::atomic<std::uint64_t> signals{0};
    std::atomic<std::uint64_t> out_of_order{0};
    std::atomic<std::uint64_t> interrupted{0};
    std::atomic<std::uint64_t> calls{0};
};

class SharedPage {
  public:
    SharedPage()
        : page_(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          shared_(new (page_) Shared) {}
    ~SharedPage() { ::munmap(page_, sizeof(Shared)); }
    SharedPage(const SharedPage&) = delete;
    SharedPage& operator=(const SharedPage&) = delete;
    Shared* operator->() const { return shared_; }
    Shared& operator*() const { return *shared_; }

  private:
    void* page_;
    Shared* shared_;
};

/// The page of the test that runs, for thread functions and signal handlers of victims.
Shared* g_shared = nullptr;

[[noreturn]] void count_turns() {
    for (;;) g_shared->turns.fetch_add(1, std::memory_order_relaxed);
}

/// What a child does that has one thread.
int only_counts(ChildPort& /*port*/) { count_turns(); }

std::vector<Tid> main_thread(const ForkedChild& child) { return {Tid(child.pid().value)}; }

void start_threads(int count, void* (*body)(void*)) {
    for (int i = 0; i < count; ++i) {
        pthread_t thread{};
        ::pthread_create(&thread, nullptr, body, nullptr);
    }
}

bool moves(const Shared& shared) {
    const std::uint64_t before = shared.turns;
    return eventually([&] { return shared.turns != before; });
}

void nap() {
    const timespec pause{0, 3'000'000};
    ::nanosleep(&pause, nullptr);
}

std::int64_t tracer_of(Pid pid) {
    std::string text;
    if (read_file(ProcPath(pid, "status").c_str(), kStatusLimit, text) != 0) return -1;
    return StatusFile(text).number("TracerPid").value_or(-1);
}

class ThreadStopperTest : public testing::Test {
  protected:
    ThreadStopperTest() { g_shared = &*page_; }

    std::unique_ptr<ThreadStopper> open(Pid pid, std::chrono::nanoseconds deadline = std::chrono::seconds(5)) {
        auto stopper = ThreadStopper::open(pid, deadline);
        if (!stopper) {
            ADD_FAILURE() << stopper.error().message;
            return nullptr;
        }
        return *std::move(stopper);
    }

    SharedPage page_;
};

TEST_F(ThreadStopperTest, HoldsEveryThreadUntilResumed) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer has a thread of its own in every process";
    ForkedChild child([](ChildPort& port) {
        start_threads(2, [](void*) -> void* { count_turns(); });
        start_threads(5, [](void*) -> void* {
            for (;;) ::pause();
        });
        port.ready();
        for (;;) ::pause();
        return 0;
    });
    child.await_ready();
    ASSERT_TRUE(moves(*page_));
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const auto tids = list_threads(child.pid());
    ASSERT_TRUE(tids);
    ASSERT_EQ(tids->size(), 8U);
    for (int i = 0; i < 20; ++i) {
        const StopOutcome outcome = stopper->stop(*tids);
        ASSERT_TRUE(outcome.complete());
        EXPECT_EQ(outcome.stopped, 8U);
        for (const Tid tid : *tids) EXPECT_EQ(thread_state(child.pid(), tid), 't');
        const std::uint64_t turns = page_->turns;
        if (i == 0) nap();
        EXPECT_EQ(page_->turns, turns);
        stopper->resume();
        EXPECT_EQ(tracer_of(child.pid()), 0);
        EXPECT_TRUE(moves(*page_));
    }
    // The same with the read inside.
    std::uint64_t held = 0;
    const StopOutcome outcome = stopper->during_stop(*tids, [&](const StopOutcome&) {
        const std::uint64_t turns = page_->turns;
        nap();
        held = page_->turns - turns;
    });
    EXPECT_TRUE(outcome.complete());
    EXPECT_EQ(held, 0U);
    EXPECT_TRUE(moves(*page_));
    EXPECT_EQ(stopper->statistics().stops, 22U);  // one by open
    EXPECT_GE(stopper->statistics().longest, std::chrono::milliseconds(3));
    EXPECT_GE(stopper->statistics().total, stopper->statistics().longest);
}

TEST_F(ThreadStopperTest, LeavesOtherThreadsAlone) {
    ForkedChild child([](ChildPort& port) {
        start_threads(1, [](void*) -> void* { count_turns(); });
        port.ready();
        for (;;) ::pause();
        return 0;
    });
    child.await_ready();
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const std::vector<Tid> main = main_thread(child);
    ASSERT_TRUE(stopper->stop(main).complete());
    EXPECT_TRUE(moves(*page_));
    stopper->resume();
}

TEST_F(ThreadStopperTest, ResumesWhenDestroyed) {
    ForkedChild child(only_counts);
    ASSERT_TRUE(moves(*page_));
    {
        const auto stopper = open(child.pid());
        ASSERT_TRUE(stopper);
        const std::vector<Tid> main = main_thread(child);
        ASSERT_TRUE(stopper->stop(main).complete());
    }
    EXPECT_TRUE(moves(*page_));
    EXPECT_EQ(tracer_of(child.pid()), 0);
}

TEST_F(ThreadStopperTest, KilledWhileHoldingLetsTheVictimGo) {
    ForkedChild victim([](ChildPort&) {
        start_threads(1, [](void*) -> void* {
            for (;;) ::pause();
        });
        count_turns();
        return 0;
    });
    ASSERT_TRUE(moves(*page_));
    ForkedChild profiler([&](ChildPort& port) {
        auto stopper = ThreadStopper::open(victim.pid(), std::chrono::seconds(5));
        if (!stopper) return 1;
        const auto tids = list_threads(victim.pid());
        if (!(*stopper)->stop(*tids).complete()) return 2;
        port.ready();
        for (;;) ::pause();
        return 0;
    });
    profiler.await_ready();
    const std::uint64_t turns = page_->turns;
    nap();
    ASSERT_EQ(page_->turns, turns);  // it does hold
    profiler.kill();
    EXPECT_TRUE(moves(*page_));
    const auto tids = list_threads(victim.pid());
    for (const Tid tid : *tids) {
        EXPECT_TRUE(
            eventually([&] { return std::string("RS").find(thread_state(victim.pid(), tid)) != std::string::npos; }));
    }
}

TEST_F(ThreadStopperTest, KilledAtAnyMomentLetsTheVictimGo) {
    ForkedChild victim([](ChildPort&) {
        start_threads(3, [](void*) -> void* {
            for (;;) ::pause();
        });
        count_turns();
        return 0;
    });
    ASSERT_TRUE(moves(*page_));
    for (int trial = 0; trial < 40; ++trial) {
        ForkedChild profiler([&](ChildPort& port) {
            auto stopper = ThreadStopper::open(victim.pid(), std::chrono::seconds(5));
            if (!stopper) return 1;
            const auto tids = list_threads(victim.pid());
            port.ready();
            for (;;) static_cast<void>((*stopper)->during_stop(*tids, [](const StopOutcome&) {}));
            return 0;
        });
        profiler.await_ready();
        const timespec pause{0, 7'919L * trial};
        ::nanosleep(&pause, nullptr);
        profiler.kill();
        ASSERT_TRUE(moves(*page_)) << trial;
        ASSERT_EQ(tracer_of(victim.pid()), 0);
    }
}

TEST_F(ThreadStopperTest, LeavesAJobStoppedByTheUserStopped) {
    ForkedChild child([](ChildPort&) {
        start_threads(1, [](void*) -> void* {
            for (;;) ::pause();
        });
        count_turns();
        return 0;
    });
    ASSERT_TRUE(moves(*page_));
    const auto tids = list_threads(child.pid());
    // Not SIGTSTP: the kernel drops that in a process group without a shell.
    child.signal(SIGSTOP);
    const auto all_stopped = [&] {
        return std::all_of(tids->begin(), tids->end(), [&](Tid tid) { return thread_state(child.pid(), tid) == 'T'; });
    };
    ASSERT_TRUE(eventually(all_stopped));
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(stopper->stop(*tids).complete());
        stopper->resume();
        EXPECT_TRUE(eventually(all_stopped));
    }
    const std::uint64_t turns = page_->turns;
    nap();
    EXPECT_EQ(page_->turns, turns);
    child.signal(SIGCONT);
    EXPECT_TRUE(moves(*page_));

    // Ctrl-Z and fg while it is being sampled.
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(stopper->stop(*tids).holding);
        child.signal(SIGSTOP);
        stopper->resume();
        ASSERT_TRUE(eventually(all_stopped));
        ASSERT_TRUE(stopper->stop(*tids).holding);
        child.signal(SIGCONT);
        stopper->resume();
        ASSERT_TRUE(moves(*page_));
    }
}

TEST_F(ThreadStopperTest, LosesNoSignalAndKeepsTheirOrder) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer keeps signals in a queue of its own, which loses some";
    constexpr int kSignals = 3000;
    ForkedChild child([](ChildPort& port) {
        struct sigaction action {};
        action.sa_sigaction = [](int, siginfo_t* info, void*) {
            if (info->si_value.sival_int != static_cast<int>(g_shared->signals.load())) ++g_shared->out_of_order;
            ++g_shared->signals;
        };
        action.sa_flags = SA_SIGINFO;
        ::sigaction(SIGRTMIN, &action, nullptr);
        port.ready();
        count_turns();
        return 0;
    });
    child.await_ready();
    ForkedChild sender([&](ChildPort&) {
        for (int i = 0; i < kSignals; ++i) {
            sigval value{};
            value.sival_int = i;
            while (::sigqueue(child.pid().value, SIGRTMIN, value) != 0) ::sched_yield();
            // Twenty a stop, so that they meet every moment of many stops.
            while (g_shared->calls * 20 < static_cast<std::uint64_t>(i)) ::sched_yield();
        }
        return 0;
    });
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const std::vector<Tid> main = main_thread(child);
    while (page_->signals < kSignals && page_->calls < 200'000) {
        ASSERT_TRUE(stopper->stop(main).complete());
        ++page_->calls;
        stopper->resume();
    }
    EXPECT_EQ(sender.wait(), 0);
    EXPECT_TRUE(eventually([&] { return page_->signals == kSignals; })) << page_->signals;
    EXPECT_EQ(page_->out_of_order, 0U);
    EXPECT_GE(page_->calls, kSignals / 20U - 1);
}

TEST_F(ThreadStopperTest, GivesUpOnAThreadThatCannotStop) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer has a thread of its own in every process";
    // The parent of a vfork child waits in the kernel and answers no interrupt until the child execs or ends.
    static int release_pipe[2];
    ASSERT_EQ(::pipe2(release_pipe, O_CLOEXEC), 0);
    ForkedChild child([](ChildPort& port) {
        start_threads(1, [](void*) -> void* { count_turns(); });
        static ChildPort* shared;
        shared = &port;
        ::close(release_pipe[1]);
        if (::vfork() == 0) {
            shared->ready();
            char byte;
            static_cast<void>(!::read(release_pipe[0], &byte, 1));
            ::_exit(0);
        }
        port.ready();
        for (;;) ::pause();
        return 0;
    });
    child.await_ready();
    ::close(release_pipe[0]);
    const auto tids = list_threads(child.pid());
    ASSERT_EQ(tids->size(), 2U);
    const auto stopper = open(child.pid(), std::chrono::milliseconds(10));
    ASSERT_TRUE(stopper);
    for (int i = 0; i < 3; ++i) {
        const StopOutcome outcome = stopper->stop(*tids);
        EXPECT_FALSE(outcome.holding);
        EXPECT_GE(outcome.late + outcome.refused, 1U);
        EXPECT_NE(stopper->threads()[0].result, StopResult::kStopped);
        EXPECT_TRUE(moves(*page_));
        // Nothing of us stays behind, although the thread never stopped.
        EXPECT_TRUE(eventually([&] { return tracer_of(child.pid()) == 0; }));
    }
    EXPECT_GE(stopper->statistics().late, 1U);
    ::close(release_pipe[1]);
    child.await_ready();  // it goes on, and does not run into a stop that nobody waits for
    EXPECT_TRUE(eventually([&] { return stopper->stop(*tids).complete(); }));
}

/// In the kernel, until the test says so.
void wait_for_a_child() {
    if (::vfork() != 0) return;
    g_shared->signals.fetch_add(1);
    while (g_shared->out_of_order < g_shared->calls) nap();
    ::_exit(0);
}

TEST_F(ThreadStopperTest, GivesUpAlsoWhereItSleepsUntilTheThreadStops) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer has a thread of its own in every process";
    ForkedChild child([](ChildPort&) {
        for (;;) {
            while (g_shared->calls == g_shared->signals) g_shared->turns.fetch_add(1, std::memory_order_relaxed);
            wait_for_a_child();
        }
        return 0;
    });
    ASSERT_TRUE(moves(*page_));
    const Tid main(child.pid().value);
    const auto stopper = open(child.pid(), std::chrono::milliseconds(20));
    ASSERT_TRUE(stopper);
    for (std::uint64_t round = 1; round <= 2; ++round) {
        for (int i = 0; i < 10; ++i) {  // it goes where the thread is, and sleeps until it stops
            EXPECT_TRUE(eventually([&] { return stopper->stop({&main, 1}).complete(); }));
            stopper->resume();
            for (int naps = 0; naps < 3; ++naps) nap();
        }
        page_->calls = round;
        ASSERT_TRUE(eventually([&] { return page_->signals == round; }));
        for (int i = 0; i < 2; ++i) {
            const StopOutcome outcome = stopper->stop({&main, 1});
            EXPECT_FALSE(outcome.holding);
            EXPECT_EQ(outcome.late, 1U);
            EXPECT_EQ(stopper->threads()[0].result, StopResult::kLate);
            EXPECT_TRUE(eventually([&] { return tracer_of(child.pid()) == 0; }));
        }
        EXPECT_GE(stopper->statistics().late, 2 * round);
        page_->out_of_order = round;
        EXPECT_TRUE(moves(*page_)) << "it goes on, and does not run into a stop that nobody waits for";
    }
    EXPECT_TRUE(eventually([&] { return stopper->stop({&main, 1}).complete(); }));
}

TEST_F(ThreadStopperTest, SaysWhoIsRefusedAndWhoIsGone) {
    ForkedChild victim([](ChildPort&) {
        count_turns();
        return 0;
    });
    ASSERT_TRUE(moves(*page_));
    const auto stopper = open(victim.pid());
    ASSERT_TRUE(stopper);
    const Tid main(victim.pid().value);
    {
        ForkedChild other([&](ChildPort& port) {
            if (::ptrace(PTRACE_SEIZE, victim.pid().value, nullptr, nullptr) != 0) return 1;
            port.ready();
            port.await_go();
            return 0;
        });
        other.await_ready();
        const std::vector<Tid> asked{main};
        const StopOutcome outcome = stopper->stop(asked);
        EXPECT_EQ(outcome.refused, 1U);
        EXPECT_FALSE(outcome.holding);
        const auto second = ThreadStopper::open(victim.pid());
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::kPermission);
        EXPECT_NE(second.error().message.find(std::to_string(other.pid().value)), std::string::npos)
            << second.error().message;
    }
    // Numbers that are no threads of the victim, one of them somebody else's.
    ForkedChild stranger([](ChildPort&) {
        for (;;) ::pause();
        return 0;
    });
    const std::vector<Tid> asked{main, Tid(0x7ffffff0), Tid(stranger.pid().value), Tid(0), Tid(-1)};
    const StopOutcome outcome = stopper->stop(asked);
    EXPECT_TRUE(outcome.complete());
    EXPECT_EQ(outcome.stopped, 1U);
    EXPECT_EQ(outcome.gone, 4U);
    EXPECT_EQ(stopper->threads()[1].result, StopResult::kGone);
    EXPECT_EQ(tracer_of(stranger.pid()), 0);
    victim.signal(SIGKILL);
    victim.await_zombie();
    stopper->resume();
    EXPECT_EQ(stopper->stop(asked).gone, 5U);
    // The exit status of our own child is still there for its owner.
    const int status = victim.wait();
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(ThreadStopperTest, LetsTheRealParentSeeTheEnd) {
    // The victim is not our child: its parent waits for it while we hold it.
    ForkedChild parent([](ChildPort& port) {
        const pid_t inner = ::fork();
        if (inner == 0) {
            start_threads(2, [](void*) -> void* {
                for (;;) ::pause();
            });
            count_turns();
        }
        port.send(inner);
        int status = 0;
        ::waitpid(inner, &status, 0);
        port.send(status);
        return 0;
    });
    const Pid pid(parent.receive<pid_t>());
    ASSERT_TRUE(eventually([&] { return list_threads(pid).value_or(std::vector<Tid>{}).size() == 3; }));
    const auto stopper = open(pid);
    ASSERT_TRUE(stopper);
    const auto tids = list_threads(pid);
    ASSERT_TRUE(stopper->stop(*tids).complete());
    ASSERT_EQ(::kill(pid.value, SIGKILL), 0);
    stopper->resume();
    const int status = parent.receive<int>();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(ThreadStopperTest, SurvivesThreadsThatComeAndGo) {
    ForkedChild child([](ChildPort& port) {
        port.ready();
        for (;;) {
            pthread_t threads[4];
            for (pthread_t& thread : threads) {
                ::pthread_create(
                    &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
            }
            for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
            ++g_shared->turns;
        }
        return 0;
    });
    child.await_ready();
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const auto process = ProcessHandle::open(child.pid());
    const auto list = ThreadList::open(*process);
    std::vector<Tid> tids;
    std::uint32_t held = 0;
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(list->list(tids));
        const StopOutcome outcome = stopper->stop(tids);
        EXPECT_EQ(outcome.stopped + outcome.gone + outcome.refused + outcome.late, tids.size());
        held += outcome.holding ? 1 : 0;
        stopper->resume();
    }
    EXPECT_GT(held, 400U);
    EXPECT_TRUE(moves(*page_));
}

TEST_F(ThreadStopperTest, FollowsExecWithoutASpuriousTrap) {
    ForkedChild child([](ChildPort& port) {
        ::dup2(port.out(), 1);
        const char* arguments[] = {
            "sh", "-c",
            "n=0; x='echo; n=$((n+1)); [ $n -lt 15 ] && exec env n=$n x=\"$x\" sh -c \"$x\"; exit 7'; "
            "exec env n=0 x=\"$x\" sh -c \"$x\"",
            nullptr};
        return ::execv("/bin/sh", const_cast<char**>(arguments));
    });
    child.await_ready();
    const auto stopper = open(child.pid());
    const std::vector<Tid> main = main_thread(child);
    if (stopper) {
        for (int i = 0; i < 20'000 && stopper->stop(main).gone == 0; ++i) stopper->resume();
    }
    const int status = child.wait();
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 7);
}

/// How often the calling thread has gone to sleep.
long sleeps() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

TEST_F(ThreadStopperTest, WakesNobodyWhileItHolds) {
    // The kernel tells the tracer of each stop by SIGCHLD. Where that is queued, a thread of ours is woken to drop it, and the
    // stopped one has to do the waking.
    ForkedChild child(only_counts);
    ASSERT_TRUE(moves(*page_));
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const std::vector<Tid> main = main_thread(child);
    int quiet = 0;
    long slept = 0;
    for (int i = 0; i < 20'000 && quiet < 60; ++i) {
        const long before = sleeps();
        const bool crowded = stopper->crowded();
        ASSERT_TRUE(stopper->during_stop(main, [](const StopOutcome&) {}).complete());
        if (crowded || stopper->crowded()) continue;  // it had to wait for a processor
        ++quiet;
        slept += sleeps() - before;
    }
    EXPECT_EQ(quiet, 60);
    EXPECT_LE(slept, quiet + quiet / 4) << "one sleep is the wait for the read";
}

TEST_F(ThreadStopperTest, TakesNoSignalFromThoseWhoWaitForChildren) {
    ForkedChild child(only_counts);
    ASSERT_TRUE(moves(*page_));
    sigset_t children;
    sigset_t before;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &children, &before), 0);
    {
        const auto stopper = open(child.pid());
        ASSERT_TRUE(stopper);
        const std::vector<Tid> main = main_thread(child);
        const timespec no_time{};
        const timespec long_time{20, 0};
        for (int i = 0; i < 8; ++i) {
            EXPECT_TRUE(stopper->stop(main).complete());
            stopper->resume();
            while (::sigtimedwait(&children, nullptr, &no_time) == SIGCHLD) {
            }
            const pid_t other = ::fork();
            if (other == 0) ::_exit(0);
            EXPECT_EQ(::sigtimedwait(&children, nullptr, &long_time), SIGCHLD);
            ::waitpid(other, nullptr, 0);
        }
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(ThreadStopperTest, FollowsTheThreadToItsProcessor) {
    cpu_set_t allowed;
    ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
    ForkedChild child(only_counts);
    ASSERT_TRUE(moves(*page_));
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const std::vector<Tid> main = main_thread(child);
    for (int round = 0; round < 2; ++round) {
        for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
            if (!CPU_ISSET(static_cast<std::size_t>(processor), &allowed)) continue;
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(static_cast<std::size_t>(processor), &one);
            ASSERT_EQ(::sched_setaffinity(child.pid().value, sizeof one, &one), 0);
            int tracer = -1;
            for (bool crowded = true;
                 crowded;) {  // where others wait for that processor the tracer stays away, for a while
                crowded = stopper->crowded();
                ASSERT_TRUE(
                    stopper->during_stop(main, [&](const StopOutcome&) { tracer = ::sched_getcpu(); }).complete());
                crowded = crowded || stopper->crowded();
            }
            EXPECT_EQ(tracer, processor);
            EXPECT_EQ(stopper->processor(), processor);
        }
    }
    cpu_set_t after;
    ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&after, &allowed)) << "the caller is left where it was";
}

TEST_F(ThreadStopperTest, StaysAwayFromACrowdedProcessor) {
    cpu_set_t allowed;
    ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
    if (CPU_COUNT(&allowed) < 2) GTEST_SKIP() << "one processor only";
    const int processor = ::sched_getcpu();
    const auto last_in_line = [&](pid_t pid, int niceness) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(processor), &one);
        ASSERT_EQ(::sched_setaffinity(pid, sizeof one, &one), 0);
        ASSERT_EQ(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), niceness), 0);
    };
    const auto turn = [](ChildPort&) {
        count_turns();
        return 0;
    };
    ForkedChild child(turn);
    ForkedChild other(turn);
    ASSERT_TRUE(moves(*page_));
    last_in_line(other.pid().value, 0);
    last_in_line(child.pid().value, 19);
    const auto stopper = open(child.pid());
    ASSERT_TRUE(stopper);
    const std::vector<Tid> main = main_thread(child);
    for (int i = 0; i < 10'000 && !stopper->crowded(); ++i) stopper->during_stop(main, [](const StopOutcome&) {});
    ASSERT_TRUE(stopper->crowded());
    int tracer = -1;
    for (int i = 0; i < 20 && tracer < 0; ++i)
        stopper->during_stop(main, [&](const StopOutcome& outcome) {
            if (outcome.complete()) tracer = ::sched_getcpu();
        });
    EXPECT_GE(tracer, 0);
    EXPECT_NE(tracer, processor);
    cpu_set_t after;
    ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&after, &allowed)) << "the caller is left where it was";
}

/// Waits in epoll_wait, which the kernel never restarts, and counts how often it comes back without a reason.
int wait_in_epoll(ChildPort& port) {
    const int epoll = ::epoll_create1(0);
    port.send(reinterpret_cast<std::uint64_t>(&g_shared));
    for (;;) {
        epoll_event event{};
        if (::epoll_wait(epoll, &event, 1, 20) < 0 && errno == EINTR) ++g_shared->interrupted;
        ++g_shared->calls;
    }
}

TEST_F(ThreadStopperTest, ReadingInterruptsNothingAndStoppingDoes) {
    ForkedChild child(wait_in_epoll);
    const RemoteAddr address(child.receive<std::uint64_t>());
    const auto memory = VmMemory::open(child.pid());
    ASSERT_TRUE(memory);
    const std::uint64_t calls = page_->calls;
    std::uint64_t reads = 0;
    while (page_->calls < calls + 5 || reads < 200) {
        ASSERT_TRUE((*memory)->read_pointer(address));
        ASSERT_TRUE(read_maps(child.pid()));
        ++reads;
    }
    EXPECT_EQ(page_->interrupted, 0U);
    // The control: this test can see an interrupted call.
    const auto stopper = open(child.pid());
    const std::vector<Tid> main = main_thread(child);
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(stopper->stop(main));
        stopper->resume();
        return page_->interrupted > 0;
    }));
}

}  // namespace
}  // namespace lampyr::process
