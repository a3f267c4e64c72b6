// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/code_identity.hpp"
#include "cpython/decode_error.hpp"
#include "cpython/layout.hpp"
#include "cpython/line_table.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lampyr::cpython {

/// What lampyr keeps of a code object: decoded once, then looked up by address for as long as `identity` is proven.
struct CodeObject {
    std::string name;  ///< qualified where the interpreter keeps that (3.11+)
    std::string file;
    std::uint32_t first_line = 0;
    LineIndex lines;
    DecodeError lines_error = DecodeError::kOk;  ///< why `lines` is empty although name and file are fine
    std::uint32_t code_bytes = 0;                ///< length of the bytecode
    std::uint32_t first_traceable = 0;           ///< bytes; a frame before it is still being set up (3.11+)
    std::uint32_t frame_size_bytes = 0;          ///< what a frame of it takes on the data stack (3.11+); 0: not known
    /// The first `kMaxBytecodeBytes` of the instructions; for checks whether a call can be at an offset. From 3.11 on the
    /// adaptive ones, so single instructions may since have been specialised. Empty when they could not be read.
    std::vector<std::byte> bytecode;
    RemoteAddr type;  ///< its ob_type, verified to be the code type
    CodeIdentity identity;
};

inline constexpr std::size_t kMaxBytecodeBytes = 64U << 10;

/// Reads the code object at `code`. `code_type`: what its ob_type must be; null when not known yet, then any type whose
/// name is "code" is accepted and returned in `type` for the next call.
/// A line table that cannot be read costs the lines, not the object.
[[nodiscard]] Decoded<CodeObject> read_code_object(const process::RemoteMemory& memory, const Layout& layout,
                                                   RemoteAddr code, RemoteAddr code_type = {});

/// Is the object at `type` a type named "code"?
[[nodiscard]] bool is_code_type(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr type);

/// Byte offset in the bytecode of a frame's instruction (`RawFrame::instruction`: an address from 3.11 on, f_lasti before).
/// Nothing for a frame that has not begun (its line is the first line) and for what is not inside the bytecode, as are
/// addresses in a thread's own copy: those need `tlbc_offset`.
[[nodiscard]] std::optional<std::uint32_t> instruction_offset(const Layout& layout, RemoteAddr code,
                                                              std::uint32_t code_bytes, std::uint64_t instruction);

/// Where the copy of the bytecode that threads with this index run begins (free-threaded 3.14+: co_tlbc, a counted array
/// of pointers; entry 0 is the bytecode in the code object). Stable while the interpreter's tlbc_generation is.
[[nodiscard]] std::optional<RemoteAddr> bytecode_base(const process::RemoteMemory& memory, const Layout& layout,
                                                      RemoteAddr code, std::uint32_t tlbc_index);

/// `instruction_offset` for a frame with a tlbc index.
[[nodiscard]] std::optional<std::uint32_t> tlbc_offset(const process::RemoteMemory& memory, const Layout& layout,
                                                       RemoteAddr code, std::uint32_t code_bytes,
                                                       std::uint32_t tlbc_index, std::uint64_t instruction);

}  // namespace lampyr::cpython
