// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/read_profile.hpp>

#include <cstddef>
#include <string>

namespace lampyr::tool {

/// A profile in words: what was recorded, what was lost, and the table of what took the time. Safe for a terminal.
[[nodiscard]] std::string report_text(const ReadProfile& read, Lines lines, std::size_t top);

}  // namespace lampyr::tool
