// SPDX-License-Identifier: MIT
// stop_parts TID [BYTES]: of what a stop of a running thread consists, from this processor and from another, in turns: the fewest
// calls with which registers and so many bytes of the stack can be had. The thread is kept on processor 0 meanwhile. Printed are
// medians in microseconds of 300 stops each. native_pause.py compares lampyr with it.
#include <elf.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kStops = 300;
constexpr std::array<std::string_view, 7> kParts{"seize", "interrupt", "wait", "registers", "stack", "detach", "all"};

void stay_on(int pid, std::size_t processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (::sched_setaffinity(pid, sizeof set, &set) != 0) std::perror("sched_setaffinity");
}

/// The moments between the parts of one stop.
std::array<Clock::time_point, 7> stop(int pid, bool sleeps, std::vector<char>& stack) {
    std::array<Clock::time_point, 7> at;
    at[0] = Clock::now();
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) std::perror("ptrace");
    at[1] = Clock::now();
    ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    at[2] = Clock::now();
    siginfo_t info{};
    do {
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | __WALL | (sleeps ? 0 : WNOHANG));
    } while (info.si_pid == 0);
    at[3] = Clock::now();
    user_regs_struct registers{};
    iovec into{&registers, sizeof registers};
    ::ptrace(PTRACE_GETREGSET, pid, std::uintptr_t{NT_PRSTATUS}, &into);
    at[4] = Clock::now();
    const iovec local{stack.data(), stack.size()};
    const iovec remote{reinterpret_cast<void*>(registers.rsp), stack.size()};
    static_cast<void>(::process_vm_readv(pid, &local, 1, &remote, 1, 0));
    at[5] = Clock::now();
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    at[6] = Clock::now();
    return at;
}

double microseconds(Clock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

void measure(int pid, std::size_t processor, bool sleeps, std::vector<char>& stack) {
    stay_on(0, processor);
    std::array<std::vector<double>, kParts.size()> parts;
    for (int i = 0; i < kStops; ++i) {
        const timespec pause{0, 3'000'000};
        ::nanosleep(&pause, nullptr);
        const auto at = stop(pid, sleeps, stack);
        for (std::size_t part = 0; part + 1 < at.size(); ++part)
            parts[part].push_back(microseconds(at[part + 1] - at[part]));
        parts.back().push_back(microseconds(at.back() - at.front()));
    }
    std::printf("%s processor, %s:", processor == 0 ? "same" : "other", sleeps ? "sleeping" : "polling");
    for (std::size_t part = 0; part < kParts.size(); ++part) {
        std::sort(parts[part].begin(), parts[part].end());
        std::printf("  %s %.1f", kParts[part].data(), parts[part][parts[part].size() / 2]);
    }
    std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
    const int pid = argc >= 2 ? std::atoi(argv[1]) : 0;
    const int bytes = argc >= 3 ? std::atoi(argv[2]) : 16384;
    if (pid <= 0 || bytes <= 0) return std::fprintf(stderr, "stop_parts TID [BYTES]\n"), 2;
    std::vector<char> stack(static_cast<std::size_t>(bytes));
    cpu_set_t before;
    if (::sched_getaffinity(pid, sizeof before, &before) != 0) return std::perror("sched_getaffinity"), 1;
    const sched_param priority{1};
    if (::sched_setscheduler(0, SCHED_RR, &priority) != 0) std::perror("sched_setscheduler");
    stay_on(pid, 0);
    for (int turn = 0; turn < 2; ++turn) {
        measure(pid, 0, true, stack);
        measure(pid, 1, false, stack);
        measure(pid, 1, true, stack);
    }
    ::sched_setaffinity(pid, sizeof before, &before);
    return 0;
}
