// SPDX-License-Identifier: MIT
#include "base/clock.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <ctime>

namespace lampyr {

namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

std::chrono::nanoseconds read_clock(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return std::chrono::nanoseconds(t.tv_sec * kNanosPerSecond + t.tv_nsec);
}

}  // namespace

SteadyClock::SteadyClock() { prctl(PR_SET_TIMERSLACK, 1UL); }

std::chrono::nanoseconds SteadyClock::now() const { return read_clock(CLOCK_MONOTONIC); }

void SteadyClock::sleep_until(std::chrono::nanoseconds deadline) {
    const timespec t{static_cast<time_t>(deadline.count() / kNanosPerSecond),
                     static_cast<long>(deadline.count() % kNanosPerSecond)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

std::chrono::nanoseconds own_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

std::chrono::nanoseconds thread_cpu_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

std::uint64_t own_peak_rss_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::chrono::nanoseconds time_since_boot() { return read_clock(CLOCK_BOOTTIME); }

std::chrono::nanoseconds boot_ticks(std::uint64_t ticks) {
    const auto per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    return std::chrono::seconds(ticks / per_second) +
           std::chrono::nanoseconds(static_cast<std::int64_t>(ticks % per_second * kNanosPerSecond / per_second));
}

}  // namespace lampyr
