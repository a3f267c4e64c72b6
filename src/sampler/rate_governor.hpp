// SPDX-License-Identifier: MIT
#pragma once

namespace lampyr::sampler {

/// Keeps the profiler's own CPU use below a limit by lowering the sampling rate, and brings the rate back up to what was
/// asked for when there is room. Pure: it is told what was used at the present rate.
class RateGovernor {
  public:
    /// `most`: share of one core; 0: no limit.
    RateGovernor(double asked_hz, double most);

    /// `used`: share of one core over the last while, all of it at the present rate. True: the rate has changed.
    [[nodiscard]] bool adjust(double used);
    [[nodiscard]] bool limits() const { return most_ > 0; }
    [[nodiscard]] double rate_hz() const { return rate_hz_; }
    /// The lowest rate so far.
    [[nodiscard]] double lowest_hz() const { return lowest_hz_; }

  private:
    double asked_hz_;
    double most_;
    double rate_hz_;
    double lowest_hz_;
};

}  // namespace lampyr::sampler
