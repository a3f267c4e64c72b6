// SPDX-License-Identifier: MIT
#include "process/spawn.hpp"

#include "process/process_info.hpp"
#include "process/thread_stopper.hpp"
#include "support/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;

/// A directory of its own, removed with everything in it.
class TemporaryDirectory {
  public:
    TemporaryDirectory() : path_(testing::TempDir() + "lampyr-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) std::abort();
        ::chmod(path_.c_str(), 0755);
    }
    ~TemporaryDirectory() {
        for (const std::string& file : files_) ::unlink(file.c_str());
        ::rmdir(path_.c_str());
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::string file(const std::string& name, const std::string& text, mode_t mode) {
        files_.push_back(path_ + "/" + name);
        std::ofstream(files_.back()) << text;
        ::chmod(files_.back().c_str(), mode);
        return files_.back();
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    std::vector<std::string> files_;
};

/// Runs `body` in a fork, so that environment, user and signals of the test stay as they are.
int in_fork(const std::function<int(ChildPort&)>& body) {
    ForkedChild child(body);
    const int status = child.wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

ErrorCode error_of(const std::vector<std::string>& arguments) {
    auto child = Child::spawn(arguments);
    return child ? ErrorCode::kInternal : child.error().code;
}

TEST(Spawn, ReturnsHowTheProgramEnded) {
    for (const int code : {0, 1, 7, 126, 255}) {
        auto child = Child::spawn({"sh", "-c", "exit " + std::to_string(code)});
        ASSERT_TRUE(child) << child.error().message;
        const WaitStatus status = child->wait();
        EXPECT_EQ(status.code, code);
        EXPECT_EQ(status.signal, 0);
        EXPECT_EQ(child->wait().code, code);
    }
    auto child = Child::spawn({"sh", "-c", "kill -9 $$"});
    ASSERT_TRUE(child);
    EXPECT_EQ(child->wait().signal, SIGKILL);
}

TEST(Spawn, WaitsForManyShortChildren) {
    for (int i = 0; i < 60; ++i) {
        auto child = Child::spawn({"/bin/sh", "-c", "exit " + std::to_string(i)});
        ASSERT_TRUE(child);
        EXPECT_EQ(child->wait().code, i);
    }
}

TEST(Spawn, DoesNotBlockOnARunningProgram) {
    auto child = Child::spawn({"sleep", "1000"});
    ASSERT_TRUE(child);
    EXPECT_FALSE(child->try_wait());
    Child moved = *std::move(child);
    EXPECT_FALSE(moved.try_wait());
    EXPECT_EQ(read_process_info(moved.pid())->arguments.at(0), "sleep");
    ::kill(moved.pid().value, SIGTERM);
    EXPECT_EQ(moved.wait().signal, SIGTERM);
}

TEST(Spawn, SaysWhatAShellWouldSay) {
    TemporaryDirectory directory;
    EXPECT_EQ(error_of({}), ErrorCode::kProgramNotFound);
    EXPECT_EQ(error_of({""}), ErrorCode::kProgramNotFound);
    EXPECT_EQ(error_of({"no-such-program-anywhere"}), ErrorCode::kProgramNotFound);
    EXPECT_EQ(error_of({"/no/such/file"}), ErrorCode::kProgramNotFound);
    EXPECT_EQ(error_of({directory.path()}), ErrorCode::kProgramNotExecutable);
    EXPECT_EQ(error_of({directory.file("plain", "text", 0644)}), ErrorCode::kProgramNotExecutable);
    EXPECT_EQ(error_of({directory.file("no-header", "exit 0\n", 0755)}), ErrorCode::kProgramNotExecutable);
    const auto lost = Child::spawn({directory.file("lost", "#!/no/such/interpreter\n", 0755)});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::kProgramNotFound);
    EXPECT_NE(lost.error().message.find("interpreter"), std::string::npos);
    // Nothing is left behind to be collected.
    EXPECT_TRUE(list_children(Pid(::getpid())).empty());
}

TEST(Spawn, LooksInPathAsAShellDoes) {
    TemporaryDirectory first;
    TemporaryDirectory second;
    first.file("lampyr-test-tool", "#!/bin/sh\nexit 1\n", 0644);  // not executable: passed over
    second.file("lampyr-test-tool", "#!/bin/sh\nexit 42\n", 0755);
    first.file("lampyr-test-data", "x", 0644);
    EXPECT_EQ(in_fork([&](ChildPort&) {
                  ::setenv("PATH", ("/no/such:" + first.path() + ":" + second.path()).c_str(), 1);
                  auto child = Child::spawn({"lampyr-test-tool"});
                  if (!child || child->wait().code != 42) return 1;
                  if (error_of({"lampyr-test-data"}) != ErrorCode::kProgramNotExecutable) return 2;
                  ::setenv("PATH", (first.path() + ":").c_str(), 1);
                  if (::chdir(second.path().c_str()) != 0) return 3;
                  auto here = Child::spawn({"lampyr-test-tool"});
                  return here && here->wait().code == 42 ? 0 : 4;
              }),
              0);
}

TEST(Spawn, GivesTheProgramACleanStart) {
    EXPECT_EQ(
        in_fork([](ChildPort&) {
            ::signal(SIGINT, [](int) {});
            ::signal(SIGPIPE, SIG_IGN);
            ::signal(SIGHUP, SIG_IGN);
            ::signal(SIGCHLD, SIG_IGN);
            const int inherited = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            auto child = Child::spawn(
                {"sh", "-c",
                 "grep -q '^SigIgn:.*0000001$' /proc/self/status || exit 1; "
                 "grep -q '^SigBlk:.*0000000000000000$' /proc/self/status || exit 3; "
                 "[ ! -e /proc/$$/fd/" +
                     std::to_string(inherited) +
                     " ] || exit 4; "
                     "[ $(cut -d' ' -f5 /proc/$$/stat) = $(cut -d' ' -f5 /proc/$PPID/stat) ] || exit 5; exit 33"});
            // SIGCHLD was ignored, and the status arrives all the same.
            return child ? child->wait().code : 99;
        }),
        33);
}

TEST(Spawn, LeavesTheProgramRunningWhenWeDie) {
    std::int32_t pid = 0;
    {
        ForkedChild parent([](ChildPort& port) {
            auto child = Child::spawn({"sleep", "1000"});
            port.send(child ? child->pid().value : 0);
            for (;;) ::pause();
            return 0;
        });
        pid = parent.receive<std::int32_t>();
        ASSERT_GT(pid, 0);
        parent.kill();
    }
    const auto info = read_process_info(Pid(pid));
    ASSERT_TRUE(info);
    EXPECT_FALSE(info->zombie);
    ::kill(pid, SIGKILL);
}

TEST(Spawn, IsNotConfusedByTheStopsOfAStopper) {
    auto child = Child::spawn({"sleep", "1000"});
    ASSERT_TRUE(child);
    auto stopper = ThreadStopper::open(child->pid(), std::chrono::seconds(5));
    ASSERT_TRUE(stopper);
    const std::vector<Tid> main{Tid(child->pid().value)};
    ASSERT_TRUE((*stopper)->stop(main).complete());
    EXPECT_FALSE(child->try_wait());
    ::kill(child->pid().value, SIGTERM);
    EXPECT_FALSE(child->try_wait());
    (*stopper)->resume();
    EXPECT_EQ(child->wait().signal, SIGTERM);
}

TEST(Spawn, UnderSudoRunsAsTheCaller) {
    if (::getuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(in_fork([](ChildPort&) {
                  ::setenv("SUDO_UID", "65534", 1);
                  ::setenv("SUDO_GID", "65534", 1);
                  const gid_t many[] = {0, 1, 2};
                  if (::setgroups(3, many) != 0) return 1;
                  auto child =
                      Child::spawn({"sh", "-c",
                                    "[ $(id -u) = 65534 ] && [ $(id -g) = 65534 ] && [ \"$(id -G)\" = 65534 ] && "
                                    "! grep -q '^Uid:.*[[:space:]]0' /proc/self/status && exit 33"});
                  return child ? child->wait().code : 99;
              }),
              33);
    for (const char* bad : {"", "x", "-1", "4294967295", "4294967296", "1 "}) {
        EXPECT_EQ(in_fork([&](ChildPort&) {
                      ::setenv("SUDO_UID", bad, 1);
                      ::setenv("SUDO_GID", "65534", 1);
                      return sudo_invoker() ? 1 : 0;
                  }),
                  0)
            << bad;
    }
    EXPECT_EQ(in_fork([](ChildPort&) {
                  ::setenv("SUDO_UID", "65534", 1);
                  ::setenv("SUDO_GID", "65534", 1);
                  if (::setresuid(1, 1, 1) != 0) return 2;
                  return sudo_invoker() ? 1 : 0;  // not root: nothing to give up
              }),
              0);
}

}  // namespace
}  // namespace lampyr::process
