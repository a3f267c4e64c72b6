// SPDX-License-Identifier: MIT
#pragma once

#include "base/time_histogram.hpp"
#include "process/process_handle.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace lampyr::process {

enum class StopResult : std::uint8_t {
    kStopped,  ///< held until `resume`
    kGone,     ///< has ended, or never was a thread of this process
    kRefused,  ///< the kernel forbids it, or somebody else traces the thread; it runs on
    kLate,     ///< did not stop in time (vfork, waiting for a dead file server, no CPU); released again
};

struct ThreadStop {
    Tid tid;
    StopResult result = StopResult::kLate;
};

struct StopOutcome {
    /// True: every thread that was not refused or gone is held, until `resume`. False: some were late, and because one
    /// held thread may keep another from ever stopping, all have been released already.
    bool holding = false;
    std::uint32_t stopped = 0, gone = 0, refused = 0, late = 0;

    /// No thread of those asked for runs.
    [[nodiscard]] bool complete() const { return holding && refused == 0; }
};

/// How long the target was held, for the report.
struct StopStatistics {
    std::uint64_t stops = 0;
    std::uint64_t late = 0;  ///< stops given up
    std::chrono::nanoseconds total{0};
    std::chrono::nanoseconds longest{0};
    TimeHistogram each{};
};

/// Stops given threads of one process for the time of a read: PTRACE_SEIZE and PTRACE_INTERRUPT of all, PTRACE_DETACH
/// of all afterwards, anew each time, so that no signal is ever held up between two stops. Never SIGSTOP or
/// PTRACE_ATTACH, no ptrace options. A signal met on the way is passed on; a job stopped by Ctrl-Z stays stopped.
/// Interrupted system calls that the kernel does not restart (epoll_wait, see signal(7)) return EINTR in the target:
/// that is the price.
///
/// All ptrace calls of a tracee must come from one thread, and a thread that has not stopped cannot be detached; but
/// when a tracer thread ends the kernel lets all its tracees go, whatever their state. So a thread of this object does
/// the tracing, and ends when anything is left over. The same happens when this process is killed.
/// One caller at a time, from any thread.
class ThreadStopper {
  public:
    static constexpr std::chrono::milliseconds kDefaultDeadline{10};

    /// Stops one thread for a moment to find out whether that is permitted.
    [[nodiscard]] static Result<std::unique_ptr<ThreadStopper>> open(
        Pid pid, std::chrono::nanoseconds deadline = kDefaultDeadline);
    ~ThreadStopper();
    ThreadStopper(const ThreadStopper&) = delete;
    ThreadStopper& operator=(const ThreadStopper&) = delete;

    /// Runs `read` while the threads are held, on the tracing thread (the caller waits), and resumes them. The shortest
    /// pause: nothing is handed from thread to thread in it. `read` is not called when nothing is held.
    StopOutcome during_stop(std::span<const Tid> threads, const std::function<void(const StopOutcome&)>& read);

    /// The same in two steps; `resume` must follow (the destructor does it too). `resume` without a stop does nothing.
    [[nodiscard]] StopOutcome stop(std::span<const Tid> threads);
    void resume();

    /// What became of each thread of the last stop, in the order given.
    [[nodiscard]] std::span<const ThreadStop> threads() const;
    [[nodiscard]] const StopStatistics& statistics() const;
    /// That the threads of the last stop were found on before it, or the first of them that ran; -1: not known.
    [[nodiscard]] int processor() const;
    /// Lately threads that were to stop had to wait for a processor: several wait less if all are stopped together.
    [[nodiscard]] bool crowded() const;

  private:
    class Tracer;
    ThreadStopper(ProcessHandle process, std::chrono::nanoseconds deadline);

    std::unique_ptr<Tracer> tracer_;
};

}  // namespace lampyr::process
