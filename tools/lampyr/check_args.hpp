// SPDX-License-Identifier: MIT
#pragma once

#include "messages.hpp"

#include <lampyr/check.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace lampyr::tool {

struct CheckArgs {
    enum class Job : std::uint8_t { kCheck, kPlan, kSelfTest };
    Job job = Job::kCheck;
    std::string base;  ///< a shell command, or
    std::string now;
    std::string base_ref;                    ///< the base is `now` in a work tree of this commit, or
    std::vector<std::string> base_profiles;  ///< files and directories
    std::vector<std::string> now_profiles;
    CheckRules rules;
    bool adaptive = false;
    bool blocked = false;  ///< order: all base runs, then all new ones
    bool force = false;
    double work = 1;
    std::string work_from;  ///< expression whose first group is the work done, in what a run prints
    std::size_t warm_ups = 1;
    std::size_t trials = 1000;
    // Reports beside the text on standard output; empty: none.
    std::string json, junit, markdown, gitlab, svg, artifacts;
    bool github = false;
    Verbosity verbosity = Verbosity::kNormal;
    ColourChoice colour = ColourChoice::kAuto;

    [[nodiscard]] bool records() const { return base_profiles.empty(); }
};

}  // namespace lampyr::tool
