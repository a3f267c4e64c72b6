// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/read_profile.hpp>

#include <string>
#include <string_view>

namespace lampyr::profile::file {

[[nodiscard]] bool is_profile_file(std::string_view bytes);

/// Memory that reading one file leaves to the next.
struct Scratch {
    std::string unpacked;
    Profile tables;
};

/// A whole lampyr file. What is behind the last good block is left out and counted; what is in a good block and makes no
/// sense is an error.
[[nodiscard]] Result<ReadProfile> read_file(std::string_view bytes, const ReadLimits& limits, Scratch& scratch);

}  // namespace lampyr::profile::file
