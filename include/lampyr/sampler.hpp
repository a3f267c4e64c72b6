// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/profile_sink.hpp>
#include <lampyr/target.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <span>

namespace lampyr {

struct SamplerOptions {
    double rate_hz = 100;  ///< mean ticks a second; > 0, at most 1,000,000. Gaps are jittered
    std::optional<std::chrono::nanoseconds> duration;  ///< wall clock; default: until the target ends or `stop` is set
    bool include_idle = false;                         ///< count threads that are off CPU too
    bool gil_only = false;                             ///< count only the thread that holds the GIL
    bool blocking = false;                             ///< stop the Python threads while reading (PTRACE_SEIZE)
    bool timeline = false;                             ///< keep samples in time order (speedscope); else aggregate
};

/// Live numbers for a progress line; handed out about four times a second on the sampling thread.
struct SamplerProgress {
    std::chrono::nanoseconds elapsed{0};
    std::uint64_t ticks = 0;
    std::uint64_t stacks = 0;
    double rate_got_hz = 0;
    std::uint32_t threads = 0;  ///< Python threads seen in the last tick
    std::array<std::uint64_t, kLossCount> losses{};
};

struct Recording {
    Profile profile;
    StopReason reason = StopReason::kRequested;
    std::chrono::nanoseconds own_cpu{0};  ///< CPU time the profiler itself used while sampling
    std::chrono::nanoseconds stopped{0};  ///< total time the target was held stopped (blocking mode)
    std::chrono::nanoseconds longest_stop{0};
    std::uint64_t idle_stacks = 0;     ///< stacks seen but left out because the thread was off CPU
    std::uint64_t read_calls = 0;      ///< system calls that read target memory
    std::uint64_t peak_rss_bytes = 0;  ///< of the profiler
};

/// Samples the targets until a reason to stop. `stop` may be set from a signal handler. `progress` may be empty.
/// What was recorded before a target died is kept: that is success with reason kTargetExited.
/// With a `sink` the samples are handed on as they come, with a timeline whatever the options say, and memory does not
/// grow with their number; the profile in the result then has them counted, without times.
[[nodiscard]] Result<Recording> record(std::span<Target> targets, const SamplerOptions& options,
                                       const std::atomic<bool>& stop,
                                       const std::function<void(const SamplerProgress&)>& progress = {},
                                       ProfileSink* sink = nullptr);

}  // namespace lampyr
