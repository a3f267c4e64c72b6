// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"
#include "process/thread_stopper.hpp"

#include <atomic>
#include <chrono>
#include <span>
#include <unordered_set>
#include <vector>

namespace lampyr::process {

/// The ptrace calls behind `ThreadStopper`. Belongs to the one thread that calls it; nothing here waits beyond the
/// deadline, and `release` is called on every path.
class PtraceScope {
  public:
    using Clock = std::chrono::steady_clock;

    explicit PtraceScope(const ProcessHandle& process);

    /// Seizes, interrupts and awaits the threads. Those that stopped are held on return. `beside`: the calling thread is on
    /// their processor, or that of the first of them that runs.
    void stop(std::span<const Tid> threads, Clock::time_point deadline, bool beside = false);
    /// Detaches all. False: some tracee could not be detached (running, or dying), and only the end of the calling
    /// thread lets it go.
    [[nodiscard]] bool release();

    /// For another thread: the calling thread of `stop` sleeps until a thread stops, without a deadline. It can be cancelled
    /// (pthread_cancel) there and nowhere else; when it has ended so this stays, and `forget` must follow.
    [[nodiscard]] bool waits() const { return waits_.load(std::memory_order_acquire); }
    void forget();

    [[nodiscard]] StopOutcome outcome() const;
    [[nodiscard]] std::span<const ThreadStop> threads() const { return results_; }

  private:
    struct Tracee {
        bool seized = false;
        bool pending = false;  ///< not known yet whether it stops
        int signal = 0;        ///< stopped at the delivery of this signal, which must be passed on
    };

    void seize(std::size_t index);
    /// Thread numbers may come from the target's memory: no thread of another process is ever touched.
    [[nodiscard]] bool is_ours_to_stop(Tid tid);
    void await(Clock::time_point deadline, bool beside);
    /// True when the thread's fate became known.
    bool poll(std::size_t index, bool sleep = false);
    bool poll_death(std::size_t index);
    [[nodiscard]] bool is_dead(Tid tid) const;

    const ProcessHandle& process_;
    bool our_child_;
    std::vector<ThreadStop> results_;
    std::vector<Tracee> tracees_;
    std::atomic<bool> waits_{false};
    std::unordered_set<Tid> known_;  ///< threads of this process, as far as they were asked for
};

}  // namespace lampyr::process
