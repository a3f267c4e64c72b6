// SPDX-License-Identifier: MIT
#pragma once

#include "check/run_matrix.hpp"

#include <cstdint>
#include <vector>

namespace lampyr::check {

/// How fast the host was in each run, told by the functions themselves: how far each was from its own mean, averaged over
/// the middle half of the other functions. They weigh what their samples are worth; the outer half may be anything. The function
/// in question is left out, or a change of a large one would hide in its own yardstick: with it in, estimates are up to a point
/// low and intervals cover too little. Functions that clearly changed are left out for all; where most of the time is in such,
/// it is those that did not change that tell.
class HostFactor {
  public:
    /// `alternating`: the sides' runs took turns.
    HostFactor(const RunMatrix& matrix, bool alternating);

    /// Whether enough functions have enough samples to tell.
    [[nodiscard]] bool known() const { return used_.size() >= kLeast; }
    /// Logarithm of the factor of a run, without `function`; 0 when not known.
    [[nodiscard]] double log_of(std::size_t run, std::size_t function) const;

    static constexpr std::size_t kLeast = 4;  ///< functions, one of which is left out

  private:
    struct Deviation {
        double log = 0;
        double weight = 0;
        std::uint32_t place = 0;
    };
    /// The functions' deviations in one run, smallest first, with sums over those before each, so that leaving one out costs
    /// no walk over the others.
    struct Run {
        std::vector<Deviation> sorted;
        std::vector<std::uint32_t> position;  ///< of a place in `sorted`
        std::vector<double> weight_before;    ///< the last one is of all
        std::vector<double> sum_before;       ///< of log times weight
        double of_all = 0;                    ///< nobody left out
    };
    void fill(const RunMatrix& matrix);
    bool leave_out_changed(const RunMatrix& matrix, bool alternating);
    /// The sides' difference, and how far chance alone may take it.
    struct Shift {
        double value = 0;
        double error = 0;
    };
    [[nodiscard]] Shift shift(const RunMatrix& matrix) const;
    static void add_up(Run& run);
    [[nodiscard]] static double sum_to(const Run& run, double weight);
    [[nodiscard]] static double middle_half(const Run& run);
    [[nodiscard]] static double middle_half_without(const Run& run, std::uint32_t place);

    std::vector<std::size_t> used_;     ///< functions
    std::vector<std::uint32_t> place_;  ///< of a function among the used ones
    std::vector<Run> runs_;
};

}  // namespace lampyr::check
