// SPDX-License-Identifier: MIT
#include "process/thread_stopper.hpp"

#include "process/permissions.hpp"
#include "process/ptrace_scope.hpp"
#include "process/raised_priority.hpp"
#include "process/tracer_place.hpp"
#include "process/turn_word.hpp"
#include "process/visit.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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
        : process_(std::move(process)), deadline_(deadline), place_(process_), scope_(process_) {}

    ~Tracer() {
        release();
        if (thread_.joinable() && turn_.get() != Turn::kEnded) turn_.set(Turn::kQuit);
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
        beside_ =
            place_.send(Tid(tracer_), threads, apart_ > 0 ? TracerPlace::Where::kApart : TracerPlace::Where::kBeside);
        if (apart_ > 0) --apart_;
        turn_.set(Turn::kStop);
        const Clock::time_point end = Clock::now() + deadline_;
        if (!turn_.wait_while(Turn::kStop, kPrompt + threads.size() * kPromptEach)) hurry(end);
        // The tracer may sleep until a thread stops that cannot. Then it is made to end, and the kernel lets the thread go.
        bool cancelled = false;
        for (std::chrono::nanoseconds left = end - Clock::now(); !turn_.wait_while(Turn::kStop, left);
             left = deadline_) {
            if (!cancelled && scope_.waits()) cancelled = ::pthread_cancel(thread_.native_handle()) == 0;
        }
        if (turn_.get() == Turn::kEnded && scope_.waits()) give_up();
        return outcome_;
    }

    void release() {
        if (turn_.get() != Turn::kHolding) return;
        turn_.set(Turn::kRelease);
        turn_.wait_while(Turn::kRelease);
    }

    [[nodiscard]] const PtraceScope& scope() const { return scope_; }
    [[nodiscard]] const StopStatistics& statistics() const { return statistics_; }
    [[nodiscard]] const ProcessHandle& process() const { return process_; }
    [[nodiscard]] int processor() const { return place_.found(); }
    [[nodiscard]] bool crowded() const { return apart_ > 0; }

  private:
    /// By then threads have stopped that only had to leave their processors.
    static constexpr std::chrono::microseconds kPrompt{100};
    static constexpr std::chrono::microseconds kPromptEach{10};
    static constexpr std::chrono::microseconds kBetweenVisits{50};
    /// After a stop that took longer others want that processor, and the tracer stays away from it for so many.
    static constexpr int kStopsApart = 32;

    enum class Turn : std::uint32_t {
        kIdle,     ///< owner's: nothing held
        kBegin,    ///< tracer's: it has just been made
        kStop,     ///< tracer's: stop the threads
        kHolding,  ///< owner's: threads are held
        kRelease,  ///< tracer's: let them go
        kQuit,     ///< tracer's: end
        kEnded,    ///< owner's: the tracer ends (or never was), the kernel lets the rest go
    };

    bool start() {
        if (turn_.get() != Turn::kEnded) return true;
        if (thread_.joinable()) thread_.join();
        // The profiler's signals are for its other threads.
        sigset_t all;
        sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
        if (ignores_children(before)) ::sigdelset(&all, SIGCHLD);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
        turn_.set(Turn::kBegin);
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error&) {
            turn_.set(Turn::kEnded);
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (!thread_.joinable()) return false;
        turn_.wait_while(Turn::kBegin);
        return true;
    }

    /// Each stop sends SIGCHLD to the tracer. Where that does nothing the kernel drops it at once, unless the tracer blocks it: then it
    /// is queued for this process, and another thread is woken to find that there is nothing to do, while the program waits. But one who
    /// blocks it himself may wait for it by sigwait or signalfd; then it must stay blocked everywhere.
    static bool ignores_children(const sigset_t& mask) {
        struct sigaction action {};
        return ::sigaction(SIGCHLD, nullptr, &action) == 0 && ::sigismember(&mask, SIGCHLD) == 0 &&
               (action.sa_flags & SA_SIGINFO) == 0 && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
    }

    /// The thread that is to stop waits for its processor, behind others; the kernel chooses anew who gets it at the next tick of its
    /// clock, some milliseconds from now, or when somebody comes there and goes again. So does the calling thread.
    void hurry(Clock::time_point end) {
        apart_ = kStopsApart;
        const Visit visit(place_.found());
        while (!turn_.wait_while(Turn::kStop, kBetweenVisits) && Clock::now() < end) {
        }
    }

    /// After the tracer was made to end in its wait: nothing is held.
    void give_up() {
        thread_.join();
        scope_.forget();
        outcome_ = scope_.outcome();
        ++statistics_.stops;
        ++statistics_.late;
    }

    void run() {
        ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);  // but in one wait of PtraceScope
        struct AtEnd {
            TurnWord<Turn>& turn;
            ~AtEnd() { turn.set(Turn::kEnded); }
        } const at_end{turn_};
        ::prctl(PR_SET_NAME, "lampyr-tracer");
        ::prctl(PR_SET_TIMERSLACK, 1UL);  // short sleeps in the wait for a stop are short
        RaisedPriority priority;  // the target is held as long as this thread takes; it works only when it is asked to
        priority.raise();
        tracer_ = static_cast<std::int32_t>(::syscall(SYS_gettid));
        turn_.set(Turn::kIdle);
        for (;;) {
            const Turn turn = turn_.get();
            bool clean = true;
            if (turn == Turn::kStop) {
                if (stop_threads()) {
                    turn_.set(Turn::kHolding);
                    continue;
                }
                clean = clean_;
            } else if (turn == Turn::kRelease) {
                clean = release_threads();
            } else if (turn == Turn::kQuit) {
                clean = false;
            } else {
                turn_.wait_while(turn);
                continue;
            }
            if (!clean) return;
            turn_.set(Turn::kIdle);
        }
    }

    /// True: threads are held for the owner.
    bool stop_threads() {
        began_ = Clock::now();
        scope_.stop(asked_, began_ + deadline_, beside_);
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
    TracerPlace place_;        // the owner's
    int apart_ = 0;            // stops left for which the tracer is elsewhere
    bool beside_ = false;      // the tracer is on the threads' processor
    std::int32_t tracer_ = 0;  // number of its thread

    PtraceScope scope_;
    StopOutcome outcome_;
    StopStatistics statistics_;
    Clock::time_point began_;
    bool clean_ = true;

    TurnWord<Turn> turn_{Turn::kEnded};
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

int ThreadStopper::processor() const { return tracer_->processor(); }

bool ThreadStopper::crowded() const { return tracer_->crowded(); }

const StopStatistics& ThreadStopper::statistics() const { return tracer_->statistics(); }

}  // namespace lampyr::process
