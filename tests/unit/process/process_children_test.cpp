// SPDX-License-Identifier: MIT
#include "process/process_children.hpp"

#include "process/process_usage.hpp"
#include "process/thread_status.hpp"
#include "support/child.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;

bool lists(const std::vector<Pid>& children, Pid pid) {
    return std::find(children.begin(), children.end(), pid) != children.end();
}

TEST(ProcessChildren, AreListedWhileTheyLive) {
    const auto self = ProcessHandle::open(Pid(::getpid()));
    ASSERT_TRUE(self);
    ChildrenReader reader;
    std::vector<Pid> children;
    ForkedChild first([](ChildPort& port) { return port.await_go(), 0; });
    ForkedChild second([](ChildPort& port) { return port.await_go(), 0; });
    reader.read(*self, children);
    EXPECT_TRUE(lists(children, first.pid()));
    EXPECT_TRUE(lists(children, second.pid()));
    first.go();
    static_cast<void>(first.wait());
    reader.read(*self, children);
    EXPECT_FALSE(lists(children, first.pid()));
    EXPECT_TRUE(lists(children, second.pid()));
}

TEST(ProcessChildren, OfAProcessThatIsGoneAreNone) {
    ForkedChild child([](ChildPort& port) { return port.await_go(), 0; });
    const auto handle = ProcessHandle::open(child.pid());
    ASSERT_TRUE(handle);
    child.kill();
    std::vector<Pid> children{Pid(1)};
    ChildrenReader().read(*handle, children);
    EXPECT_TRUE(children.empty());
}

TEST(ProcessChildren, AForkHasMemoryOfItsOwn) {
    ForkedChild child([](ChildPort& port) { return port.await_go(), 0; });
    EXPECT_TRUE(share_memory(Pid(::getpid()), Pid(::getpid())));
    EXPECT_FALSE(share_memory(Pid(::getpid()), child.pid()));
}

int wait_for_end(void* pipe) {
    char byte = 0;
    return static_cast<int>(::read(*static_cast<int*>(pipe), &byte, 1));
}

TEST(ProcessChildren, AVforkChildHasItsParentsMemory) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer takes the child for the thread that made it";
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    alignas(16) static std::array<char, 65536> stack;
    // As vfork, but the parent goes on.
    const int pid = ::clone(wait_for_end, stack.data() + stack.size(), CLONE_VM | SIGCHLD, &ends[0]);
    ASSERT_GT(pid, 0);
    EXPECT_TRUE(share_memory(Pid(::getpid()), Pid(pid)));
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(ProcessUsage, CountsTimeAndMemory) {
    ForkedChild child([](ChildPort& port) {
        port.ready();
        for (;;) asm volatile("" ::: "memory");
        return 0;
    });
    child.await_ready();
    const auto handle = ProcessHandle::open(child.pid());
    ASSERT_TRUE(handle);
    EXPECT_GT(read_usage(*handle).rss_bytes, 0U);
    EXPECT_TRUE(eventually([&] { return read_usage(*handle).cpu.count() > 0; }));
    child.kill();
    EXPECT_EQ(read_usage(*handle).rss_bytes, 0U);
}

TEST(ThreadStatus, NamesTheFutexOnWhichAThreadSleeps) {
    static std::uint32_t word = 0;
    ForkedChild child([](ChildPort& port) {
        port.ready();
        ::syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr, nullptr, 0);
        return 0;
    });
    child.await_ready();
    const auto handle = ProcessHandle::open(child.pid());
    ASSERT_TRUE(handle);
    ThreadStatusReader status(*handle);
    const Tid tid(child.pid().value);
    EXPECT_TRUE(eventually([&] { return status.futex(tid) == reinterpret_cast<std::uint64_t>(&word); }));

    ForkedChild reader([](ChildPort& port) { return port.ready(), port.await_go(), 0; });
    reader.await_ready();
    const auto other = ProcessHandle::open(reader.pid());
    ASSERT_TRUE(other);
    EXPECT_TRUE(eventually([&] { return test::thread_state(reader.pid(), Tid(reader.pid().value)) == 'S'; }));
    EXPECT_EQ(ThreadStatusReader(*other).futex(Tid(reader.pid().value)), std::nullopt);
}

}  // namespace
}  // namespace lampyr::process
