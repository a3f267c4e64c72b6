// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/read_profile.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::tool {

/// A profile in words: what was recorded, what was lost, and the table of what took the time, whose rows are called
/// `rows`. `recorded` is how many samples there were before any filter. Safe for a terminal.
[[nodiscard]] std::string report_text(const ReadProfile& read, std::uint64_t recorded, std::string_view rows,
                                      Lines lines, std::size_t top);

}  // namespace lampyr::tool
