// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lampyr::base {

/// Text of a target as valid UTF-8, without loss. Python strings can hold lone surrogates and Python 2 names can be any
/// bytes; what has no UTF-8 becomes a visible escape, so that two different names never become the same text:
///
///   lone surrogate U+D800..U+DFFF        \ud800 .. \udfff
///   byte B that is not valid UTF-8       \udc80 .. \udcff   (0xDC00 + B, as Python's "surrogateescape" names it)
///   code unit above U+10FFFF             \U00110000 .. \Uffffffff   (only in damaged memory)
///
/// hex digits in lower case. A backslash of the text itself stays as it is, except where it would read as such an escape:
/// every backslash of a run of backslashes directly before `udXXX` (XXX from 800 to fff) or `UXXXXXXXX` (above 10ffff)
/// is doubled, and so is a run directly before an escape. Reading back: take a maximal run of backslashes before such a
/// pattern; if their number is odd the last one starts an escape; the others stand for half as many.
/// Everything else, control characters included, is unchanged: sinks escape what they cannot show.
[[nodiscard]] std::string utf8_from_bytes(std::string_view bytes);
[[nodiscard]] std::string utf8_from_latin1(std::span<const std::uint8_t> units);
[[nodiscard]] std::string utf8_from_ucs2(std::span<const std::uint16_t> units);
[[nodiscard]] std::string utf8_from_ucs4(std::span<const std::uint32_t> units);

/// Appends a code point, which must be one that has UTF-8 (none above U+10FFFF).
void append_utf8(std::string& out, std::uint32_t code_point);

/// Length of the longest prefix of `bytes` that does not end inside a UTF-8 sequence that further bytes could complete.
/// For cutting text without making its last character look invalid.
[[nodiscard]] std::size_t complete_utf8_prefix(std::string_view bytes);

/// True when `text` is well-formed UTF-8 (Unicode table 3-7: no surrogates, no overlong forms, nothing above U+10FFFF).
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace lampyr::base
