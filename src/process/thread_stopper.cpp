// SPDX-License-Identifier: MIT
#include "process/thread_stopper.hpp"

#include "process/permissions.hpp"
#include "process/ptrace_scope.hpp"
#include "process/raised_priority.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

namespace lampyr::process {

/// The tracing thread and what is handed between it and the owner. `turn_` says whose data it is: the owner writes the
/// orders, the tracer everything else, and each waits for the other's turn to end.
class ThreadStopper::Tracer {
  public:
    using Clock = PtraceScope::Clock;
    using Read = std::function<void(const StopOutcome&)>;

    Tracer(ProcessHandle process, std::chrono::nanoseconds deadline)
        : process_(std::move(process)), deadline_(deadline), scope_(process_) {}

    ~Tracer() {
        release();
        if (thread_.joinable() && turn_.load(std::memory_order_acquire) != Turn::kEnded) hand_over(Turn::kQuit);
        if (thread_.joinable()) thread_.join();
    }

    /// Without `read` the threads are still held on return if the outcome says so.
    StopOutcome stop(std::span<const Tid> threads, const Read* read) {
        release();
        asked_ = threads;
        read_ = read;
        if (!start()) {  // no thread can be made: nothing is touched, all run on
            outcome_ = StopOutcome{};
            outcome_.late = static_cast<std::uint32_t>(threads.size());
            return outcome_;
        }
        hand_over(Turn::kStop);
        await_owner(Turn::kStop);
        return outcome_;
    }

    void release() {
        if (turn_.load(std::memory_order_acquire) != Turn::kHolding) return;
        hand_over(Turn::kRelease);
        await_owner(Turn::kRelease);
    }

    [[nodiscard]] const PtraceScope& scope() const { return scope_; }
    [[nodiscard]] const StopStatistics& statistics() const { return statistics_; }
    [[nodiscard]] const ProcessHandle& process() const { return process_; }

  private:
    enum class Turn : std::uint32_t {
        kIdle,     ///< owner's: nothing held
        kStop,     ///< tracer's: stop the threads
        kHolding,  ///< owner's: threads are held
        kRelease,  ///< tracer's: let them go
        kQuit,     ///< tracer's: end
        kEnded,    ///< owner's: the tracer ends (or never was), the kernel lets the rest go
    };

    bool start() {
        if (turn_.load(std::memory_order_acquire) != Turn::kEnded) return true;
        if (thread_.joinable()) thread_.join();
        // The profiler's signals are for its other threads.
        sigset_t all;
        sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        turn_.store(Turn::kIdle, std::memory_order_release);
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error&) {
            turn_.store(Turn::kEnded, std::memory_order_release);
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return thread_.joinable();
    }

    void hand_over(Turn turn) {
        turn_.store(turn, std::memory_order_release);
        turn_.notify_one();
    }

    void await_owner(Turn given) { turn_.wait(given, std::memory_order_acquire); }

    void run() {
        ::prctl(PR_SET_NAME, "lampyr-tracer");
        ::prctl(PR_SET_TIMERSLACK, 1UL);  // short sleeps in the wait for a stop are short
        RaisedPriority priority;  // the target is held as long as this thread takes; it works only when it is asked to
        priority.raise();
        for (;;) {
            const Turn turn = turn_.load(std::memory_order_acquire);
            bool clean = true;
            if (turn == Turn::kStop) {
                if (stop_threads()) {
                    hand_over(Turn::kHolding);
                    continue;
                }
                clean = clean_;
            } else if (turn == Turn::kRelease) {
                clean = release_threads();
            } else if (turn == Turn::kQuit) {
                clean = false;
            } else {
                turn_.wait(turn, std::memory_order_acquire);
                continue;
            }
            hand_over(clean ? Turn::kIdle : Turn::kEnded);
            if (!clean) return;
        }
    }

    /// True: threads are held for the owner.
    bool stop_threads() {
        began_ = Clock::now();
        scope_.stop(asked_, began_ + deadline_);
        outcome_ = scope_.outcome();
        ++statistics_.stops;
        if (outcome_.late > 0) ++statistics_.late;
        if (outcome_.holding && read_ == nullptr) return true;
        if (outcome_.holding) (*read_)(outcome_);
        clean_ = release_threads();
        return false;
    }

    bool release_threads() {
        const bool clean = scope_.release();
        if (outcome_.stopped > 0) {
            const auto held = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_);
            statistics_.total += held;
            statistics_.longest = std::max(statistics_.longest, held);
            statistics_.each.add(held);
        }
        return clean;
    }

    ProcessHandle process_;
    std::chrono::nanoseconds deadline_;
    std::span<const Tid> asked_;
    const Read* read_ = nullptr;

    PtraceScope scope_;
    StopOutcome outcome_;
    StopStatistics statistics_;
    Clock::time_point began_;
    bool clean_ = true;

    std::atomic<Turn> turn_{Turn::kEnded};
    std::thread thread_;
};

ThreadStopper::ThreadStopper(ProcessHandle process, std::chrono::nanoseconds deadline)
    : tracer_(std::make_unique<Tracer>(std::move(process), deadline)) {}

ThreadStopper::~ThreadStopper() = default;

Result<std::unique_ptr<ThreadStopper>> ThreadStopper::open(Pid pid, std::chrono::nanoseconds deadline) {
    auto process = ProcessHandle::open(pid);
    if (!process) return std::move(process).error();
    std::unique_ptr<ThreadStopper> stopper(new ThreadStopper(*std::move(process), deadline));
    const auto tid = stopper->tracer_->process().living_thread();
    if (!tid) return explain_access_failure(pid, ESRCH);
    const StopOutcome outcome = stopper->stop({&*tid, 1});
    stopper->resume();
    if (outcome.refused > 0) return explain_access_failure(pid, EPERM);
    return stopper;
}

StopOutcome ThreadStopper::during_stop(std::span<const Tid> threads,
                                       const std::function<void(const StopOutcome&)>& read) {
    return tracer_->stop(threads, &read);
}

StopOutcome ThreadStopper::stop(std::span<const Tid> threads) { return tracer_->stop(threads, nullptr); }

void ThreadStopper::resume() { tracer_->release(); }

std::span<const ThreadStop> ThreadStopper::threads() const { return tracer_->scope().threads(); }

const StopStatistics& ThreadStopper::statistics() const { return tracer_->statistics(); }

}  // namespace lampyr::process
