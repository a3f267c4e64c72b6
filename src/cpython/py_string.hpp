// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/decode_error.hpp"
#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lampyr::cpython {

/// Names longer than this are cut; see `read_text`.
inline constexpr std::size_t kMaxNameChars = 4096;

struct Text {
    std::string utf8;               ///< valid UTF-8; what has none is a visible escape (base/utf8.hpp)
    bool truncated = false;         ///< cut; `utf8` ends in a mark with the full length
    std::uint64_t full_length = 0;  ///< characters of the object itself (2.7: bytes)
};

/// Where the characters of a string object are.
struct TextPlace {
    RemoteAddr data;
    std::uint64_t length = 0;    ///< code units
    std::uint8_t unit_size = 1;  ///< bytes a code unit: 1, 2 or 4
    bool inside = true;          ///< the characters follow the header in the same object
};

/// Reads a string object's header only: PEP 393 text of all four shapes (ASCII, compact 1, 2 and 4 bytes, and the data
/// pointer of str subclasses), or a 2.7 byte string.
[[nodiscard]] Decoded<TextPlace> locate_text(const process::RemoteMemory& memory, const Layout& layout,
                                             RemoteAddr object);

/// Reads a string object. A text of more than `max_chars` characters is cut there and marked, never dropped:
/// `prefix…(1000000 characters)`.
[[nodiscard]] Decoded<Text> read_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                                      std::size_t max_chars = kMaxNameChars);

}  // namespace lampyr::cpython
