// SPDX-License-Identifier: MIT
#pragma once

#include "profile/file/read_file.hpp"

#include <lampyr/read_profile.hpp>

#include <string_view>

namespace lampyr::importer {

/// `parse_profile` with memory that is used again.
[[nodiscard]] Result<ReadProfile> parse(std::string_view bytes, const ReadLimits& limits,
                                        profile::file::Scratch& scratch);

}  // namespace lampyr::importer
