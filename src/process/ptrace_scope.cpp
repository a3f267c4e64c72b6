// SPDX-License-Identifier: MIT
#include "process/ptrace_scope.hpp"

#include "process/cancellable.hpp"
#include "process/proc_file.hpp"
#include "process/stat_line.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace lampyr::process {
namespace {

constexpr int kEventStop = 128;  // PTRACE_EVENT_STOP of linux/ptrace.h, which collides with sys/ptrace.h

long trace(__ptrace_request request, Tid tid, std::uintptr_t data = 0) {
    return ::ptrace(request, tid.value, nullptr, data);
}

std::optional<StatLine> read_stat(const ProcessHandle& process, const char* path, std::array<char, 4096>& buffer) {
    const UniqueFd fd(::openat(process.proc_dir(), path, O_RDONLY | O_CLOEXEC));
    const auto text = fd ? read_start(fd.get(), buffer) : std::nullopt;
    return text ? parse_stat(*text) : std::nullopt;
}

}  // namespace

PtraceScope::PtraceScope(const ProcessHandle& process) : process_(process), our_child_(false) {
    std::array<char, 4096> buffer;
    const auto stat = read_stat(process, "stat", buffer);
    our_child_ = stat && stat->parent == ::getpid();
}

bool PtraceScope::is_dead(Tid tid) const {
    std::array<char, 4096> buffer;
    const auto stat = read_stat(process_, ProcPath::relative(tid, "stat").c_str(), buffer);
    return !stat || stat->is_dead();
}

void PtraceScope::stop(std::span<const Tid> threads, Clock::time_point deadline, bool beside) {
    results_.clear();
    for (const Tid tid : threads) results_.push_back({tid, StopResult::kLate});
    tracees_.assign(threads.size(), Tracee{});
    for (std::size_t i = 0; i < results_.size(); ++i) seize(i);
    // Asked after the seizing: alive now means that no number had passed on to another process then. Otherwise nothing
    // is interrupted, and what was seized goes free, unstopped, with this thread's end.
    if (process_.exited()) {
        for (std::size_t i = 0; i < results_.size(); ++i) {
            results_[i].result = StopResult::kGone;
            tracees_[i].pending = false;
        }
        return;
    }
    // A second pass, so that the threads stop as close to each other as possible.
    for (std::size_t i = 0; i < results_.size(); ++i) {
        if (tracees_[i].pending)
            trace(PTRACE_INTERRUPT, results_[i].tid);  // fails only for the dying: seen by the wait
    }
    await(deadline, beside);
    for (const ThreadStop& thread : results_) {
        if (thread.result == StopResult::kGone) known_.erase(thread.tid);
    }
}

bool PtraceScope::is_ours_to_stop(Tid tid) {
    if (known_.contains(tid)) return true;
    if (tid.value <= 0 || !process_.has_thread(tid)) return false;
    known_.insert(tid);
    return true;
}

void PtraceScope::seize(std::size_t index) {
    const Tid tid = results_[index].tid;
    if (!is_ours_to_stop(tid)) {
        results_[index].result = StopResult::kGone;
        return;
    }
    if (trace(PTRACE_SEIZE, tid) == 0) {
        tracees_[index].seized = tracees_[index].pending = true;
        return;
    }
    // EPERM is also the answer for a thread that is just ending.
    const bool gone = errno == ESRCH || is_dead(tid);
    known_.erase(tid);
    results_[index].result = gone ? StopResult::kGone : StopResult::kRefused;
}

void PtraceScope::await(Clock::time_point deadline, bool beside) {
    // A thread that runs on another processor stops within some 10 us; to sleep would make it later. One whose processor this
    // thread has taken stops only when this thread sleeps, and then at once.
    constexpr std::chrono::microseconds kSpin{15};
    constexpr std::chrono::microseconds kSoon{200};
    constexpr timespec kShortPause{0, 10'000};
    constexpr timespec kPause{0, 50'000};
    constexpr int kPausesBetweenDeathChecks = 20;
    for (std::size_t i = 0; beside && i < tracees_.size(); ++i)
        if (tracees_[i].pending) static_cast<void>(poll(i, true));
    const Clock::time_point began = Clock::now();
    int pauses = 0;
    for (;;) {
        bool pending = false;
        bool progress = false;
        for (std::size_t i = 0; i < tracees_.size(); ++i) {
            if (!tracees_[i].pending) continue;
            if (poll(i) || (pauses % kPausesBetweenDeathChecks == kPausesBetweenDeathChecks - 1 && poll_death(i))) {
                progress = true;
            } else {
                pending = true;
            }
        }
        if (!pending) return;
        if (progress) continue;
        const Clock::time_point now = Clock::now();
        if (now >= deadline) return;
        if (!beside && now - began < kSpin) continue;
        ::nanosleep(now - began < kSoon ? &kShortPause : &kPause, nullptr);
        ++pauses;
    }
}

void PtraceScope::forget() {
    tracees_.clear();
    for (ThreadStop& thread : results_)
        if (thread.result == StopResult::kStopped) thread.result = StopResult::kLate;
    waits_.store(false, std::memory_order_release);
}

bool PtraceScope::poll(std::size_t index, bool sleep) {
    Tracee& tracee = tracees_[index];
    const Tid tid = results_[index].tid;
    // A dead tracee must be collected, else its parent never hears of its end. But the main thread of our own child
    // carries the exit status, which belongs to the owner of that child.
    const bool collect = !(our_child_ && tid.value == process_.pid().value);
    siginfo_t info{};
    const int how = WSTOPPED | __WALL | (collect ? WEXITED : 0);
    int failed = 0;
    if (sleep) {
        waits_.store(true, std::memory_order_release);
        {
            const Cancellable here;
            failed = ::waitid(P_PID, static_cast<id_t>(tid.value), &info, how);
        }
        waits_.store(false, std::memory_order_release);
    } else {
        failed = ::waitid(P_PID, static_cast<id_t>(tid.value), &info, how | WNOHANG);
    }
    if (failed != 0) {
        if (errno == EINTR) return false;
        tracee.pending = tracee.seized = false;
        results_[index].result = StopResult::kGone;  // ECHILD: not a tracee any more
        return true;
    }
    if (info.si_pid == 0) return false;
    tracee.pending = false;
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) {
        tracee.seized = false;
        results_[index].result = StopResult::kGone;
        return true;
    }
    // PTRACE_EVENT_STOP is our interrupt, or a job-control stop the thread was in already. Anything else is a signal
    // about to be delivered.
    const int event = info.si_status >> 8;
    if (event != kEventStop) tracee.signal = info.si_status & 0x7f;
    results_[index].result = StopResult::kStopped;
    return true;
}

bool PtraceScope::poll_death(std::size_t index) {
    if (!is_dead(results_[index].tid)) return false;
    tracees_[index].pending = false;  // still seized: `release` cannot detach it
    results_[index].result = StopResult::kGone;
    return true;
}

bool PtraceScope::release() {
    bool clean = true;
    for (std::size_t i = 0; i < tracees_.size(); ++i) {
        Tracee& tracee = tracees_[i];
        if (!tracee.seized) continue;
        const auto signal = static_cast<std::uintptr_t>(tracee.signal);
        const bool detached = !tracee.pending && trace(PTRACE_DETACH, results_[i].tid, signal) == 0;
        clean = clean && detached;
        tracee = Tracee{};
    }
    return clean;
}

StopOutcome PtraceScope::outcome() const {
    StopOutcome outcome;
    for (const ThreadStop& thread : results_) {
        switch (thread.result) {
            case StopResult::kStopped: ++outcome.stopped; break;
            case StopResult::kGone: ++outcome.gone; break;
            case StopResult::kRefused: ++outcome.refused; break;
            case StopResult::kLate: ++outcome.late; break;
        }
    }
    outcome.holding = outcome.stopped > 0 && outcome.late == 0;
    return outcome;
}

}  // namespace lampyr::process
