// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace lampyr {

/// A function or line of the hot list. Times are sums of `Sample::weight`; of a profile without times, a sample is 1 ns.
struct TopEntry {
    std::string label;                  ///< "name (file:line)", short file name; not yet safe for a terminal
    std::chrono::nanoseconds self{0};   ///< of stacks in which it was innermost
    std::chrono::nanoseconds total{0};  ///< of stacks that hold it, each counted once however often it recurs
    double self_share = 0;              ///< self / all time, 0 to 1
    double total_share = 0;
};

/// The `count` functions with the most self time, most first; the line in a label is the function's first. Entries with
/// no self time are left out. Order is deterministic: self, then total, then label.
[[nodiscard]] std::vector<TopEntry> top_functions(const Profile& profile, std::size_t count);
/// The same for single lines.
[[nodiscard]] std::vector<TopEntry> top_lines(const Profile& profile, std::size_t count);

}  // namespace lampyr
