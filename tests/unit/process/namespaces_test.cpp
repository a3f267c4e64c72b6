// SPDX-License-Identifier: MIT
#include "process/namespaces.hpp"

#include "process/process_info.hpp"
#include "process/thread_status.hpp"
#include "support/child.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::ForkedChild;

TEST(TidMap, IsTheIdentityInOurNamespace) {
    const auto process = ProcessHandle::open(Pid(::getpid()));
    ASSERT_TRUE(process);
    auto map = TidMap::open(*process);
    ASSERT_TRUE(map);
    EXPECT_TRUE(map->is_identity());
    EXPECT_EQ(map->to_ours(::getpid()), Tid(::getpid()));
}

/// Enters `levels` new pid namespaces, then runs three threads that tell their own ids and wait.
int run_inside(ChildPort& port, int levels) {
    if (levels > 0) {
        if (::unshare(CLONE_NEWPID) != 0) {
            port.send(std::int32_t{-1});
            return 0;
        }
        if (levels == 1) port.send(std::int32_t{0});  // all namespaces are there
        const pid_t inner = ::fork();
        if (inner == 0) ::_exit(run_inside(port, levels - 1));
        int status = 0;
        ::waitpid(inner, &status, 0);
        return 0;
    }
    static ChildPort* shared = &port;
    for (int i = 0; i < 3; ++i) {
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

TEST(TidMap, TranslatesNestedNamespaces) {
    if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer has a thread of its own in every process";
    if (::getuid() != 0) GTEST_SKIP() << "needs root to make a pid namespace";
    for (const int levels : {1, 2}) {
        ForkedChild child([&](ChildPort& port) { return run_inside(port, levels); });
        if (child.receive<std::int32_t>() < 0) GTEST_SKIP() << "no pid namespaces here";
        std::vector<std::int32_t> inner{1};
        for (int i = 0; i < 3; ++i) inner.push_back(child.receive<std::int32_t>());
        // The innermost process: child of child, `levels` times.
        Pid pid = child.pid();
        for (int i = 0; i < levels; ++i) pid = list_children(pid).at(0);

        const auto process = ProcessHandle::open(pid);
        ASSERT_TRUE(process);
        auto map = TidMap::open(*process);
        ASSERT_TRUE(map);
        EXPECT_FALSE(map->is_identity());
        std::vector<Tid> ours;
        for (int round = 0; round < 2; ++round) {
            ours.clear();
            for (const std::int32_t number : inner) ours.push_back(map->to_ours(number));
        }
        std::sort(ours.begin(), ours.end());
        auto threads = list_threads(pid);
        ASSERT_TRUE(threads);
        std::sort(threads->begin(), threads->end());
        EXPECT_EQ(ours, *threads);
        EXPECT_EQ(map->to_ours(1), Tid(pid.value));
        EXPECT_EQ(map->to_ours(12345), Tid(0));
        EXPECT_EQ(map->to_ours(0), Tid(0));
        EXPECT_EQ(map->to_ours(-1), Tid(0));
        child.go();
    }
}

}  // namespace
}  // namespace lampyr::process
