// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampyr::cpython {

// Objects without others in them, as repr() shows them. Each is read from memory only; nothing when it cannot be read or
// is not what it should be. `longest`: about how many characters of a text are shown; "..." stands for the rest.

/// int objects of any size up to some thousand digits (2.7: int and long); larger ones by their number of bits.
[[nodiscard]] std::optional<std::string> integer_text(const process::RemoteMemory& memory, const Layout& layout,
                                                      RemoteAddr object, bool plain27);
/// The shortest text that reads back as the same number.
[[nodiscard]] std::string float_text(double value);
/// A complex number as repr() has it.
[[nodiscard]] std::optional<std::string> complex_text(const process::RemoteMemory& memory, const Layout& layout,
                                                      RemoteAddr object);
/// str of 3.x, unicode of 2.7; in quotes.
[[nodiscard]] std::optional<std::string> unicode_text(const process::RemoteMemory& memory, const Layout& layout,
                                                      RemoteAddr object, std::size_t longest);
/// bytes of 3.x, str of 2.7; in quotes, without the letter b.
[[nodiscard]] std::optional<std::string> bytes_text(const process::RemoteMemory& memory, const Layout& layout,
                                                    RemoteAddr object, std::size_t longest);
/// numpy's numbers, by the name of their type such as "numpy.int64": the value stands behind the object's head.
[[nodiscard]] std::optional<std::string> numpy_scalar_text(const process::RemoteMemory& memory, const Layout& layout,
                                                           RemoteAddr object, std::string_view type_name);

}  // namespace lampyr::cpython
