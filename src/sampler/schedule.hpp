// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace lampyr::sampler {

/// When to sample. Time is cut into slots of one interval, and each slot holds one tick at a random place, so the mean rate
/// is exact and a program with the same period is not met at the same phase again and again. Deadlines are absolute: a late
/// tick does not delay those after it, and slots that passed meanwhile are skipped and counted, never made up in a burst.
class Schedule {
  public:
    Schedule(std::chrono::nanoseconds start, double rate_hz, std::uint64_t seed);

    struct Tick {
        std::chrono::nanoseconds due{0};
        std::uint64_t skipped = 0;  ///< slots lost before this one
    };
    /// The next tick at or after `now`.
    Tick next(std::chrono::nanoseconds now);

    /// From `now` on another rate. What the slots before it lost has been counted.
    void set_rate(std::chrono::nanoseconds now, double rate_hz);
    [[nodiscard]] std::chrono::nanoseconds interval() const {
        return std::chrono::nanoseconds(std::int64_t(interval_ns_));
    }

  private:
    std::chrono::nanoseconds start_;
    double interval_ns_;
    std::uint64_t slot_ = 0;
    std::minstd_rand random_;
};

}  // namespace lampyr::sampler
