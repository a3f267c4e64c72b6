// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::exporter {

/// At most about `longest` bytes of valid UTF-8, never ending inside a character; what was cut is told:
/// "aaaa… (1,000,000 bytes)".
[[nodiscard]] std::string shortened(std::string_view text, std::size_t longest);

/// A name or path from a target as it may stand in the picture: cut, and with control characters, direction marks,
/// zero-width characters and whatever XML forbids as visible escapes.
[[nodiscard]] std::string shown(std::string_view text, std::size_t longest);

/// `text` in at most `room` columns of a monospace font, with … when it was cut. Wide characters take two columns.
struct CutText {
    std::string text;
    std::size_t columns = 0;
};
[[nodiscard]] CutText cut_to(std::string_view text, std::size_t room);

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t value);
/// A share as "12.3 %", "0.04 %", "<0.01 %".
[[nodiscard]] std::string percent(double part, double whole);
/// Nanoseconds as "1.23 s", "45.6 ms".
[[nodiscard]] std::string seconds(double nanoseconds);

}  // namespace lampyr::exporter
