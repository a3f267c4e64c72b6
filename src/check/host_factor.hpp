// SPDX-License-Identifier: MIT
#pragma once

#include "check/run_matrix.hpp"

#include <cstdint>
#include <vector>

namespace lampyr::check {

/// How fast the host was in each run, told by the functions themselves: how far each was from its own mean, averaged over
/// the middle half of the other functions. They weigh what their samples are worth; the outer half may be anything. The function
/// in question is left out, or a change of a large one would hide in its own yardstick: with it in, estimates are up to a point
/// low and intervals cover too little. Functions that clearly changed are left out for all.
class HostFactor {
  public:
    explicit HostFactor(const RunMatrix& matrix);

    /// Whether enough functions have enough samples to tell.
    [[nodiscard]] bool known() const { return used_.size() >= kLeast; }
    /// Logarithm of the factor of a run, without `function`; 0 when not known.
    [[nodiscard]] double log_of(std::size_t run, std::size_t function) const;

    static constexpr std::size_t kLeast = 4;  ///< functions, one of which is left out

  private:
    std::vector<std::size_t> used_;     ///< functions
    std::vector<std::uint32_t> place_;  ///< of a function among the used ones
    struct Deviation {
        double log = 0;
        double weight = 0;
        std::uint32_t place = 0;
    };
    void fill(const RunMatrix& matrix);
    bool leave_out_changed(const RunMatrix& matrix);
    [[nodiscard]] static double middle_half(const std::vector<Deviation>& sorted, std::uint32_t left_out);

    std::vector<std::vector<Deviation>> sorted_;  ///< by run
    std::vector<double> of_all_;                  ///< by run: nobody left out
};

}  // namespace lampyr::check
