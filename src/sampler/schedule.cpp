// SPDX-License-Identifier: MIT
#include "sampler/schedule.hpp"

namespace lampyr::sampler {

Schedule::Schedule(std::chrono::nanoseconds start, double rate_hz, std::uint64_t seed)
    : start_(start), interval_ns_(1e9 / rate_hz), random_(static_cast<std::minstd_rand::result_type>(seed | 1U)) {}

void Schedule::set_rate(std::chrono::nanoseconds now, double rate_hz) {
    start_ = now;
    interval_ns_ = 1e9 / rate_hz;
    slot_ = 0;
}

Schedule::Tick Schedule::next(std::chrono::nanoseconds now) {
    Tick tick;
    // A slot that is over can no longer be sampled in.
    const double passed = static_cast<double>((now - start_).count()) / interval_ns_;
    const auto current = passed > 0 ? static_cast<std::uint64_t>(passed) : 0;
    if (current > slot_) {
        tick.skipped = current - slot_;
        slot_ = current;
    }
    const double place = std::uniform_real_distribution<double>(0.0, 1.0)(random_);
    tick.due = start_ +
               std::chrono::nanoseconds(static_cast<std::int64_t>((static_cast<double>(slot_) + place) * interval_ns_));
    ++slot_;
    return tick;
}

}  // namespace lampyr::sampler
