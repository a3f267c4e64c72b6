// SPDX-License-Identifier: MIT
#include "process/target_files.hpp"
#include "process/thread_status.hpp"
#include "process/thread_stopper.hpp"
#include "process/vm_memory.hpp"
#include "support/child.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::ForkedChild;

constexpr int kSkip = 77;
std::uint64_t g_value = 1;

pid_t fork_waiting() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        for (;;) ::pause();
    }
    return pid;
}

/// In a pid namespace of our own, as its init, with its own /proc: the next PID is ours to choose.
int reuse_a_pid() {
    const pid_t first = fork_waiting();
    const auto memory = VmMemory::open(Pid(first));
    const auto stopper = ThreadStopper::open(Pid(first), std::chrono::seconds(5));
    if (!memory || !stopper) return 1;
    const ProcessHandle& process = (*memory)->process();
    ThreadStatusReader status(process);
    const RemoteAddr address(reinterpret_cast<std::uint64_t>(&g_value));
    if ((*memory)->read_value<std::uint64_t>(address) != 1) return 2;
    if (status.state(Tid(first)) == RunState::kGone) return 3;

    ::kill(first, SIGKILL);
    ::waitpid(first, nullptr, 0);
    g_value = 2;  // what the new process would give
    const UniqueFd last(::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC));
    if (::dprintf(last.get(), "%d", first - 1) < 0) return kSkip;
    const pid_t second = fork_waiting();
    if (second != first) return kSkip;
    // One tick of the coarse clock, in which an answer may still be believed; nobody comes round that fast by himself.
    const timespec tick{0, 12'000'000};
    ::nanosleep(&tick, nullptr);

    if (!process.exited()) return 4;
    if ((*memory)->read_value<std::uint64_t>(address)) return 5;
    if ((*memory)->read_value<std::uint64_t>(address)) return 6;
    if (status.state(Tid(first)) != RunState::kGone) return 7;
    if (process.open_file("maps") || process.has_thread(Tid(first))) return 8;
    if (file_exists_in_target(process, "/")) return 9;
    const Tid tid(first);
    if ((*stopper)->stop({&tid, 1}).gone != 1) return 10;
    const auto fresh = VmMemory::open(Pid(second));
    return fresh && (*fresh)->read_value<std::uint64_t>(address) == 2 ? 0 : 11;
}

TEST(PidReuse, NothingFollowsANumberToItsNewOwner) {
    if (::getuid() != 0) GTEST_SKIP() << "needs root to make a pid namespace";
    ForkedChild child([](ChildPort&) {
        if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) return kSkip;
        if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kSkip;
        const pid_t init = ::fork();
        if (init == 0) {
            if (::mount("proc", "/proc", "proc", 0, nullptr) != 0) ::_exit(kSkip);
            ::_exit(reuse_a_pid());
        }
        int status = 0;
        ::waitpid(init, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
    });
    const int status = child.wait();
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kSkip) GTEST_SKIP() << "no pid namespace to be had, or its numbers cannot be set";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace lampyr::process
