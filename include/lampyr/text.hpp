// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr {

/// Makes text from outside (names, paths, arguments) safe to print: control characters, bidirectional and zero-width
/// characters and invalid UTF-8 become visible escapes such as `\x1b` and `\u{202e}`. Printable text is unchanged.
[[nodiscard]] std::string terminal_safe(std::string_view text);

/// A number as a person reads it: "12,345".
[[nodiscard]] std::string format_count(std::uint64_t count);
/// "1 sample", "2,000 samples".
[[nodiscard]] std::string plural(std::uint64_t count, std::string_view singular);

}  // namespace lampyr
