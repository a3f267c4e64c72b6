// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <optional>

namespace lampyr::cpython {

enum class RuntimeCheck : std::uint8_t {
    kGood,            ///< an interpreter's thread points back to it and its modules are a dict
    kNotInitialised,  ///< the list of interpreters is empty, or its only one has no thread or no modules yet
    kMismatch,        ///< what is there is no interpreter of this layout
};

/// Proves that `runtime` (as `RuntimeLocation::runtime`) is the anchor of a live interpreter of this layout, by following
/// it to data that only an interpreter has. The target runs on meanwhile, so a mismatch is looked at again a few times.
[[nodiscard]] RuntimeCheck check_runtime(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr runtime);

/// Same, for an interpreter state instead of the anchor.
[[nodiscard]] RuntimeCheck check_interpreter(const process::RemoteMemory& memory, const Layout& layout,
                                             RemoteAddr interpreter);

/// A thread with Python frames whose frames lead to code objects; nothing when no thread has a frame now. For layouts
/// that are partly guessed (a version newer than the newest known).
[[nodiscard]] std::optional<bool> check_frames(const process::RemoteMemory& memory, const Layout& layout,
                                               RemoteAddr runtime);

/// Where the head pointer of the interpreter list is: in `_PyRuntime`, or (2.7, 3.6) the anchor itself.
[[nodiscard]] RemoteAddr interpreters_head_address(const Layout& layout, RemoteAddr runtime);

}  // namespace lampyr::cpython
