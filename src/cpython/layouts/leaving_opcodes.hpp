// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <cstdint>
#include <span>

namespace lampyr::cpython {

/// The instructions by which a frame is left: return, yield and their instrumented forms. A frame that stands at one of them
/// has handed back control; it cannot be waiting for a callee, although its value stack is saved (RETURN_VALUE does that
/// too, Python/bytecodes.c). Numbers change with every minor version (Lib/opcode.py, Include/opcode_ids.h).
[[nodiscard]] std::span<const std::uint8_t> leaving_opcodes(const Version& version);

}  // namespace lampyr::cpython
