// SPDX-License-Identifier: MIT
#pragma once

#include "messages.hpp"

#include <lampyr/compare.hpp>
#include <lampyr/read_profile.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace lampyr::tool {

/// Under which conditions the profiles of a side were recorded. Sides that differ in them measure different things.
struct Conditions {
    std::set<std::string> pythons;  ///< "3.12", "3.13t"
    std::set<std::string> measures;
    std::set<std::string> hosts;

    std::chrono::nanoseconds first{0};  ///< when the recordings began; 0: not all know
    std::chrono::nanoseconds last{0};
    bool all_know = true;

    void add(const Profile& profile);
    [[nodiscard]] bool all_before(const Conditions& other) const {
        return all_know && other.all_know && first.count() > 0 && other.first.count() > 0 && last < other.first;
    }
};
/// What differs between the sides, each a sentence safe for a terminal.
[[nodiscard]] std::vector<std::string> differences(const Conditions& base, const Conditions& now);

/// A recorded run and what is known of it beside its profile.
struct RunFile {
    std::string path;
    RunFacts facts;
};

/// Reads files, several at once, and adds them to a side in their order. Warnings name the file. The first that cannot be read
/// ends it.
[[nodiscard]] Result<void> add_files(ProfileSide& side, Conditions& conditions, const std::vector<RunFile>& files,
                                     const Messages& messages);

}  // namespace lampyr::tool
