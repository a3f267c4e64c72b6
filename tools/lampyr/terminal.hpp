// SPDX-License-Identifier: MIT
#pragma once

#include "option_values.hpp"

#include <string_view>

namespace lampyr::tool {

/// What is at the other end of a descriptor.
[[nodiscard]] bool is_terminal(int descriptor);
/// A terminal that understands carriage return and erase (not TERM=dumb).
[[nodiscard]] bool is_capable_terminal(int descriptor);
/// Columns of a terminal; 80 when it does not say.
[[nodiscard]] std::size_t terminal_width(int descriptor);

/// --color first, then NO_COLOR, CLICOLOR_FORCE and CLICOLOR, then whether a terminal is there.
[[nodiscard]] bool use_colour(ColourChoice choice, int descriptor);

/// Writes all of it, waiting as long as it takes. False: `errno` says why.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes);
/// Writes only when that cannot block (a terminal held by Ctrl-S, a full pipe): for what may be left out.
void write_if_ready(int descriptor, std::string_view bytes);

}  // namespace lampyr::tool
