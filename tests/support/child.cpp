// SPDX-License-Identifier: MIT
#include "support/child.hpp"

#include "process/proc_file.hpp"
#include "process/stat_line.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace lampyr::test {
namespace {

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::abort();
}

}  // namespace

void ChildPort::await_go() const {
    char byte = 0;
    if (::read(in_, &byte, 1) != 1) ::_exit(99);
}

void ChildPort::send_bytes(std::span<const std::byte> bytes) const {
    if (::write(out_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) ::_exit(98);
}

ForkedChild::ForkedChild(const std::function<int(ChildPort&)>& body) {
    int down[2];
    int up[2];
    if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) die("pipe2");
    pid_ = ::fork();
    if (pid_ < 0) die("fork");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::close(down[1]);
        ::close(up[0]);
        ChildPort port(down[0], up[1]);
        ::_exit(body(port));
    }
    ::close(down[0]);
    ::close(up[1]);
    to_child_.reset(down[1]);
    from_child_.reset(up[0]);
}

ForkedChild::~ForkedChild() { kill(); }

void ForkedChild::receive_bytes(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        pollfd poll{from_child_.get(), POLLIN, 0};
        if (::poll(&poll, 1, 10'000) != 1) die("child does not answer");
        const ssize_t got = ::read(from_child_.get(), bytes.data(), bytes.size());
        if (got <= 0) die("child has ended early");
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

void ForkedChild::write(std::string_view text) {
    if (::write(to_child_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) die("write");
}

void ForkedChild::signal(int number) const {
    if (::kill(pid_, number) != 0) die("kill");
}

void ForkedChild::kill() {
    if (collected_) return;
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
}

int ForkedChild::wait() {
    if (!collected_) {
        while (::waitpid(pid_, &status_, 0) < 0) {
            if (errno != EINTR) die("waitpid");
        }
        collected_ = true;
    }
    return status_;
}

void ForkedChild::await_zombie() const {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0) die("waitid");
}

char thread_state(Pid pid, Tid tid) {
    std::string text;
    if (process::read_file(process::ProcPath(pid, tid, "stat").c_str(), 4096, text) != 0) return '?';
    const auto stat = process::parse_stat(text);
    return stat ? stat->state : '?';
}

bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 10'000; ++i) {
        if (condition()) return true;
        const timespec pause{0, 1'000'000};
        ::nanosleep(&pause, nullptr);
    }
    return false;
}

}  // namespace lampyr::test
