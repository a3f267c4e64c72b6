// SPDX-License-Identifier: MIT
#include "sampler/rate_governor.hpp"

#include <algorithm>

namespace lampyr::sampler {

namespace {
constexpr double kAim = 0.92;         ///< of the limit: there is room for what varies
constexpr double kRoom = 0.85;        ///< below this part of the limit the rate rises
constexpr double kFastestRise = 1.3;  ///< in one step
constexpr double kFastestFall = 4.0;  ///< a moment's work (names of a new module) is no reason to stop sampling
constexpr double kLeastHz = 1.0;
constexpr double kDearSample = 50e-6;  ///< seconds; what a sample is taken to cost until it is known
}  // namespace

RateGovernor::RateGovernor(double asked_hz, double most)
    : asked_hz_(asked_hz),
      most_(most),
      rate_hz_(most > 0 ? std::min(asked_hz, std::max(kLeastHz, most / kDearSample)) : asked_hz),
      lowest_hz_(rate_hz_) {}

bool RateGovernor::adjust(double used) {
    if (!limits()) return false;
    const double part = used / most_;
    if (part <= 1.0 && (part >= kRoom || rate_hz_ >= asked_hz_)) return false;
    // What a sample costs stays the same, so use is as the rate.
    const double wanted = part > 0 ? rate_hz_ * kAim / part : asked_hz_;
    const double before = rate_hz_;
    rate_hz_ = std::clamp(wanted, rate_hz_ / kFastestFall, rate_hz_ * kFastestRise);
    rate_hz_ = std::clamp(rate_hz_, std::min(kLeastHz, asked_hz_), asked_hz_);
    lowest_hz_ = std::min(lowest_hz_, rate_hz_);
    return rate_hz_ != before;
}

}  // namespace lampyr::sampler
