// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <lampyr/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace lampyr::cpython {

/// What `_Py_DebugOffsets`, the start of `_PyRuntime` since 3.13, says before its offsets begin.
struct DebugOffsetsHeader {
    Version version;
    std::uint8_t release_level = 0;  ///< 0xA alpha, 0xB beta, 0xC candidate, 0xF final
    std::uint8_t serial = 0;
    /// "3.13.0", "3.15.0b4", with "t" appended for a free-threaded build.
    [[nodiscard]] std::string text() const;
};

/// The layout of one interpreter as it publishes it: the table of its version with every published offset put over it.
struct PublishedLayout {
    Layout layout;
    DebugOffsetsHeader header;
    /// Something a person should know, empty when all is normal: a newer or an unreleased version.
    std::string note;
};

inline constexpr std::size_t kDebugCookieSize = 8;
inline constexpr char kDebugCookie[kDebugCookieSize + 1] = "xdebugpy";

/// The header when the cookie is at `runtime` and the version behind it makes sense; else nothing.
[[nodiscard]] std::optional<DebugOffsetsHeader> read_debug_header(const process::RemoteMemory& memory, RemoteAddr runtime);

/// Reads and checks the published offsets. Each one must lie inside the struct size published beside it, and each size
/// below a cap of ours, so a later read with the layout is bounded whatever the target wrote. kUnsupportedVersion: there
/// is no cookie, or no table for the version; kCorrupt: numbers that cannot be offsets.
[[nodiscard]] Result<PublishedLayout> read_debug_offsets(const process::RemoteMemory& memory, RemoteAddr runtime);

/// Recomputes the `size` members from the offsets, after offsets have changed.
void update_sizes(Layout& layout);

}  // namespace lampyr::cpython
