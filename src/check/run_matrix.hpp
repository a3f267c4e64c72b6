// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

namespace lampyr::check {

/// Time of functions in runs: what the statistics work on. Runs of the base stand first.
struct RunMatrix {
    /// A function in a run, for one unit of work.
    struct Cell {
        double time = 0;     ///< in any unit, the same everywhere
        double samples = 0;  ///< effective number behind it
    };
    std::size_t base_runs = 0;
    std::size_t now_runs = 0;
    std::vector<std::vector<Cell>> self;   ///< by function, then run
    std::vector<std::vector<Cell>> total;  ///< the same with what it calls
    std::vector<double> program;           ///< CPU time by run, for one unit of work
    std::vector<double> all;               ///< time of all samples by run, for one unit of work

    [[nodiscard]] std::size_t runs() const { return base_runs + now_runs; }
    [[nodiscard]] bool is_now(std::size_t run) const { return run >= base_runs; }
};

}  // namespace lampyr::check
