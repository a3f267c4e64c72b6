// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lampyr::tool {

/// Columns that valid UTF-8 takes on a terminal, by the C library's table (wcwidth); what that does not know takes one.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// As much of the text as fits, with `...` in place of the end where that is missing. Never cuts inside a character.
[[nodiscard]] std::string cut_to_width(std::string text, std::size_t columns);

}  // namespace lampyr::tool
