// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/version_probe.hpp"
#include "process/remote_memory.hpp"

#include <lampyr/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lampyr::cpython {

/// The layout of one interpreter as it publishes it: the table of its version with every published offset put over it.
struct PublishedLayout {
    Layout layout;
    ProbedVersion version;
    /// Something a person should know, empty when all is normal: a newer or an unreleased version.
    std::string note;
};

inline constexpr std::size_t kDebugCookieSize = 8;
inline constexpr char kDebugCookie[kDebugCookieSize + 1] = "xdebugpy";

/// The version in front of the offsets when the cookie is at `runtime` and the version makes sense; else nothing.
[[nodiscard]] std::optional<ProbedVersion> read_debug_header(const process::RemoteMemory& memory, RemoteAddr runtime);

/// Reads and checks the published offsets. Each one must lie inside the struct size published beside it, and each size
/// below a cap of ours, so a later read with the layout is bounded whatever the target wrote. kUnsupportedVersion: there
/// is no cookie, or no table for the version; kCorrupt: numbers that cannot be offsets.
[[nodiscard]] Result<PublishedLayout> read_debug_offsets(const process::RemoteMemory& memory, RemoteAddr runtime);

/// Recomputes the `size` members from the offsets, after offsets have changed.
void update_sizes(Layout& layout);

}  // namespace lampyr::cpython
