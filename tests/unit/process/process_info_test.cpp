// SPDX-License-Identifier: MIT
#include "process/process_info.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;

TEST(ProcessInfo, DescribesAProgram) {
    ForkedChild child([](ChildPort& port) {
        const char* arguments[] = {"sleep", "1000", nullptr};
        port.ready();
        return ::execv("/bin/sleep", const_cast<char**>(arguments));
    });
    ASSERT_TRUE(eventually([&] {
        const auto info = read_process_info(child.pid());
        return info && info->arguments == std::vector<std::string>{"sleep", "1000"};
    }));
    const auto info = read_process_info(child.pid());
    ASSERT_TRUE(info);
    EXPECT_EQ(info->command_line, "sleep 1000");
    EXPECT_TRUE(info->executable.ends_with("sleep") || info->executable.ends_with("coreutils")) << info->executable;
    EXPECT_EQ(info->comm, "sleep");
    EXPECT_EQ(info->parent.value, ::getpid());
    EXPECT_EQ(info->uid, ::getuid());
    EXPECT_FALSE(info->zombie || info->kernel_thread || info->executable_deleted);
    ASSERT_FALSE(info->namespace_pids.empty());
    EXPECT_EQ(info->namespace_pids.front(), child.pid().value);

    const auto children = list_children(Pid(::getpid()));
    EXPECT_NE(std::find(children.begin(), children.end(), child.pid()), children.end());
}

TEST(ProcessInfo, ReadsHostileNames) {
    ForkedChild child([](ChildPort& port) {
        ::prctl(PR_SET_NAME, ") Z 1\n(x");
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const auto info = read_process_info(child.pid());
    ASSERT_TRUE(info);
    EXPECT_EQ(info->comm, ") Z 1\n(x");
    EXPECT_EQ(info->parent.value, ::getpid());
    EXPECT_FALSE(info->zombie);
}

TEST(ProcessInfo, KnowsZombiesAndTheMissing) {
    ForkedChild child([](ChildPort&) { return 0; });
    child.await_zombie();
    const auto zombie = read_process_info(child.pid());
    ASSERT_TRUE(zombie);
    EXPECT_TRUE(zombie->zombie);
    EXPECT_EQ(zombie->state, 'Z');
    EXPECT_EQ(zombie->command_line, "[" + zombie->comm + "]");
    static_cast<void>(child.wait());
    const auto gone = read_process_info(child.pid());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::kNoSuchProcess);
}

TEST(ProcessHandle, SeesTheEnd) {
    ForkedChild child([](ChildPort& port) {
        port.await_go();
        return 0;
    });
    const auto handle = ProcessHandle::open(child.pid());
    ASSERT_TRUE(handle);
    EXPECT_FALSE(handle->exited());
    EXPECT_EQ(handle->start_time(), read_process_info(child.pid())->start_time);
    EXPECT_EQ(handle->living_thread(), Tid(child.pid().value));
    EXPECT_TRUE(handle->has_thread(Tid(child.pid().value)));
    EXPECT_FALSE(handle->has_thread(Tid(::getpid())));
    child.go();
    child.await_zombie();
    EXPECT_TRUE(handle->exited());
    EXPECT_FALSE(handle->living_thread());
    EXPECT_FALSE(ProcessHandle::open(child.pid()));
    static_cast<void>(child.wait());
    EXPECT_TRUE(handle->exited());
    EXPECT_FALSE(handle->image_changed());
    EXPECT_FALSE(handle->open_file("maps"));
}

TEST(ProcessHandle, RefusesAThreadThatIsNoProcess) {
    EXPECT_FALSE(ProcessHandle::open(Pid(-1)));
    EXPECT_FALSE(ProcessHandle::open(Pid(0)));
    EXPECT_FALSE(ProcessHandle::open(Pid(0x7fffffff)));
}

/// Runs /bin/sh, which says it is there, waits for a line and then replaces itself by `next`.
int run_shell(ChildPort& port, const char* next) {
    ::dup2(port.in(), 0);
    ::dup2(port.out(), 1);
    const std::string script = std::string("echo; read x; exec ") + next;
    const char* arguments[] = {"sh", "-c", script.c_str(), nullptr};
    return ::execv("/bin/sh", const_cast<char**>(arguments));
}

TEST(ProcessHandle, SeesExecOfAnotherAndOfTheSameFile) {
    for (const char* next : {"sleep 1000", "/bin/sh -c 'read y; sleep 1000'", "setarch -R /bin/sh -c 'read y'"}) {
        ForkedChild child([&](ChildPort& port) { return run_shell(port, next); });
        child.await_ready();
        auto handle = ProcessHandle::open(child.pid());
        ASSERT_TRUE(handle);
        EXPECT_FALSE(handle->image_changed());
        EXPECT_FALSE(handle->image_changed());
        child.write("\n");
        EXPECT_TRUE(eventually([&] { return handle->image_changed(); })) << next;
        EXPECT_FALSE(handle->exited());
        handle->accept_image();
        EXPECT_FALSE(handle->exited());
    }
}

}  // namespace
}  // namespace lampyr::process
