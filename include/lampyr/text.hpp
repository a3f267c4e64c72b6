// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace lampyr {

/// Makes text from outside (names, paths, arguments) safe to print: control characters, bidirectional and zero-width
/// characters and invalid UTF-8 become visible escapes such as `\x1b` and `\u{202e}`. Printable text is unchanged.
[[nodiscard]] std::string terminal_safe(std::string_view text);

}  // namespace lampyr
