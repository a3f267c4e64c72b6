// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/read_profile.hpp>

#include <string_view>

namespace lampyr::profile::file {

[[nodiscard]] bool is_profile_file(std::string_view bytes);

/// A whole lampyr file. What is behind the last good block is left out and counted; what is in a good block and makes no
/// sense is an error.
[[nodiscard]] Result<ReadProfile> read_file(std::string_view bytes, const ReadLimits& limits);

}  // namespace lampyr::profile::file
