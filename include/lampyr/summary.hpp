// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lampyr {

/// A function or line of the hot list. Counts are thread stacks, as in `ProfileInfo::stacks`.
struct TopEntry {
    std::string label;        ///< "name (file:line)", short file name; not yet safe for a terminal
    std::uint64_t self = 0;   ///< stacks in which it was innermost
    std::uint64_t total = 0;  ///< stacks that hold it, each counted once however often it recurs
    double self_share = 0;    ///< self / all stacks, 0 to 1
};

/// The `count` functions with the most self time, most first; the line in a label is the function's first. Entries with
/// no self time are left out. Order is deterministic: self, then total, then label.
[[nodiscard]] std::vector<TopEntry> top_functions(const Profile& profile, std::size_t count);
/// The same for single lines.
[[nodiscard]] std::vector<TopEntry> top_lines(const Profile& profile, std::size_t count);

}  // namespace lampyr
