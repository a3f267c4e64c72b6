// SPDX-License-Identifier: MIT
#pragma once

#include "messages.hpp"
#include "profile_sides.hpp"

#include <lampyr/compare.hpp>
#include <lampyr/result.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace lampyr::tool {

/// One line of a directory's runs.json: what a run's profile does not know.
struct RunEntry {
    std::string file;  ///< in the directory
    double cpu_s = 0;
    double work = 1;
};
[[nodiscard]] std::string runs_json(const std::vector<RunEntry>& runs);

/// A side from files and directories. A directory gives the profiles in it, by name, with their runs.json if there is one.
[[nodiscard]] Result<void> add_recorded(ProfileSide& side, Conditions& conditions,
                                        const std::vector<std::string>& paths, const Messages& messages);

}  // namespace lampyr::tool
