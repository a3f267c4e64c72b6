// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace lampyr {

/// Time and sleeping, so that tests can run a schedule without waiting. Times are since an arbitrary fixed origin.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::chrono::nanoseconds now() const = 0;
    /// Returns at `deadline` or a little later; may return early when a signal arrives.
    virtual void sleep_until(std::chrono::nanoseconds deadline) = 0;
};

/// CLOCK_MONOTONIC with the thread's timer slack at its least: wakes 2–3 µs late instead of 50 (PR_SET_TIMERSLACK).
class SteadyClock final : public Clock {
  public:
    /// Sets the calling thread's timer slack; use the clock on that thread.
    SteadyClock();
    [[nodiscard]] std::chrono::nanoseconds now() const override;
    void sleep_until(std::chrono::nanoseconds deadline) override;
};

/// CPU time the calling process has used so far.
[[nodiscard]] std::chrono::nanoseconds own_cpu_time();
/// The same of the calling thread alone.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time();

/// Largest resident size of the calling process so far.
[[nodiscard]] std::uint64_t own_peak_rss_bytes();

/// Time since the machine started, and the same from a number of the kernel's clock ticks (proc_pid_stat(5), field 22).
[[nodiscard]] std::chrono::nanoseconds time_since_boot();
[[nodiscard]] std::chrono::nanoseconds boot_ticks(std::uint64_t ticks);

}  // namespace lampyr
