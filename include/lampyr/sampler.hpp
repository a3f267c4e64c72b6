// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/profile_sink.hpp>
#include <lampyr/target.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr {

struct SamplerOptions {
    double rate_hz = 100;  ///< mean ticks a second; > 0, at most 1,000,000. Gaps are jittered
    std::optional<std::chrono::nanoseconds> duration;  ///< wall clock; default: until the target ends or `stop` is set
    bool include_idle = false;                         ///< count threads that are off CPU too
    bool gil_only = false;                             ///< count only the thread that holds the GIL
    bool blocking = false;                             ///< stop the Python threads while reading (PTRACE_SEIZE)
    /// Machine frames (C, C++, Cython, Rust) between the Python frames. Running Python threads are stopped while registers
    /// and machine stack are copied (PTRACE_SEIZE); with `blocking` all of them. x86-64 only.
    bool native = false;
    /// Tasks of asyncio (3.11+): before a task's coroutine its name, and before that the tasks that wait for it.
    bool tasks = false;
    bool timeline = false;  ///< keep samples in time order (speedscope); else aggregate
    double audit_hz = 0;    ///< so often, stop the running threads to test the shares; 0: never. Default mode only
    /// These and all that descend from them are sampled from the moment they are Python (launchers, shells, workers), and
    /// others are passed over. The recording goes on while one of these lives, or a Python that was found.
    std::vector<Pid> follow{};
    bool usage = false;  ///< count each process's CPU time and memory in the progress
    std::chrono::nanoseconds progress_every = std::chrono::milliseconds(250);
    std::chrono::nanoseconds hand_on_every = std::chrono::seconds(1);  ///< with a sink: about how often it gets a delta
    double max_cpu_share = 0;  ///< of one core, for the profiler itself: above it the rate is lowered; 0: no limit
};

/// What the kernel says of a process that is sampled (`SamplerOptions::usage`).
struct ProcessUsage {
    Pid pid;
    std::chrono::nanoseconds cpu{0};  ///< all its threads, since it started
    std::uint64_t rss_bytes = 0;
    std::uint32_t threads = 0;  ///< that run Python code
};

/// Live numbers, handed out every `SamplerOptions::progress_every` on the sampling thread. Counts are since the start.
struct SamplerProgress {
    std::chrono::nanoseconds elapsed{0};
    std::uint64_t ticks = 0;
    std::uint64_t stacks = 0;
    double rate_got_hz = 0;
    std::uint32_t threads = 0;  ///< Python threads seen in the last tick
    std::array<std::uint64_t, kLossCount> losses{};
    std::uint64_t active_stacks = 0;  ///< seen on a CPU, or runnable
    std::uint64_t idle_stacks = 0;    ///< seen off CPU (and left out without `include_idle`)
    std::uint64_t gil_waiting = 0;    ///< of the idle ones, those that waited for the GIL; with `usage`, 3.7 and later
    std::uint64_t gil_held = 0;       ///< sweeps over a process in which a thread held the GIL
    std::uint64_t sweeps = 0;         ///< over a process: a tick is one for each
    std::uint32_t processes = 0;      ///< sampled now
    std::chrono::nanoseconds own_cpu{0};  ///< of the profiler
    std::vector<ProcessUsage> usage{};    ///< with `SamplerOptions::usage`, of the processes sampled now
};

/// The target's CPU time, of the threads that run Python code, as the kernel counts it (/proc/PID/task/TID/schedstat).
struct TargetCpu {
    std::chrono::nanoseconds ran{0};      ///< counted while recording; lags behind by up to 4 ms a thread
    std::chrono::nanoseconds given{0};    ///< shared out among samples
    std::chrono::nanoseconds waited{0};   ///< runnable, but another had the CPU
    std::uint64_t waiting_samples = 0;    ///< found the thread waiting, and so count for no time
    std::uint64_t uncounted_samples = 0;  ///< of threads the kernel does not count: they stand for time on the wall
};

/// What stopped samples say of the profile (`SamplerOptions::audit_hz`). Shares are 0 to 1.
struct Audit {
    enum class Verdict : std::uint8_t { kAgrees, kBiased, kTooFew };
    Verdict verdict = Verdict::kTooFew;
    std::uint64_t stopped_samples = 0;
    std::uint64_t shares_tested = 0;  ///< of functions, self and inclusive, that have enough samples
    double largest_difference = 0;    ///< among them
    // kBiased only: the function that is furthest off.
    std::string function{};
    bool inclusive = false;  ///< its share with its callees; else its own
    double shown = 0;        ///< share in the profile
    double stopped = 0;      ///< share of the stopped samples
    double uncertainty = 0;  ///< of the difference: 95 % of differences by chance are smaller
};

struct Recording {
    Profile profile;
    StopReason reason = StopReason::kRequested;
    std::chrono::nanoseconds own_cpu{0};  ///< CPU time the profiler itself used while sampling
    std::chrono::nanoseconds stopped{0};  ///< total time the target was held stopped (blocking or native)
    std::chrono::nanoseconds longest_stop{0};
    std::chrono::nanoseconds stop_median{0};
    std::chrono::nanoseconds stop_p99{0};
    std::uint64_t idle_stacks = 0;     ///< stacks seen but left out because the thread was off CPU
    std::uint64_t read_calls = 0;      ///< system calls that read target memory
    std::uint64_t peak_rss_bytes = 0;  ///< of the profiler
    TargetCpu cpu;
    std::optional<Audit> audit;
    std::chrono::nanoseconds late_median{0};  ///< how long after its time a tick began
    std::chrono::nanoseconds late_p99{0};
    double lowest_rate_hz = 0;             ///< below the rate asked for: lowered for `max_cpu_share`
    std::string_view priority = "normal";  ///< of the sampling thread: "normal", "nice -11", "real-time"
};

/// Samples the targets, and what `options.follow` finds, until a reason to stop. A target that calls execve is followed
/// into its new image if that is Python. kNotPython (or why it could not be read): nothing to follow was ever Python. `stop` may be set from a signal handler. `progress` may be empty.
/// What was recorded before a target died is kept: that is success with reason kTargetExited.
/// With a `sink` the samples are handed on as they come, with a timeline whatever the options say, and memory does not
/// grow with their number; the profile in the result then has them counted, without times.
[[nodiscard]] Result<Recording> record(std::span<Target> targets, const SamplerOptions& options,
                                       const std::atomic<bool>& stop,
                                       const std::function<void(const SamplerProgress&)>& progress = {},
                                       ProfileSink* sink = nullptr);

}  // namespace lampyr
