// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "elf/image.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lampyr::cpython {

/// A CPython version with its release level, as PY_VERSION_HEX and as text ("3.13.0", "3.15.0b4", "3.14.2t").
struct ProbedVersion {
    Version version;
    std::uint8_t release_level = 0xF;  ///< 0xA alpha, 0xB beta, 0xC candidate, 0xF final
    std::uint8_t serial = 0;

    [[nodiscard]] std::string text() const;
    friend bool operator==(const ProbedVersion&, const ProbedVersion&) = default;
};

/// PY_VERSION_HEX taken apart (Include/patchlevel.h). Nothing when no CPython could have that number.
[[nodiscard]] std::optional<ProbedVersion> version_from_hex(std::uint64_t hex, bool free_threaded);

/// The first text in `bytes` that is what Py_GetVersion returns: "3.8.18 (default, Aug 25 2023, 13:20:30) \n[GCC 12.2.0]"
/// (Python/getversion.c). The bytes may be cut anywhere; only whole texts are found.
[[nodiscard]] std::optional<ProbedVersion> find_version_text(std::string_view bytes);

/// Reads `Py_Version` (3.11+), an unsigned long with PY_VERSION_HEX.
[[nodiscard]] std::optional<ProbedVersion> read_version_symbol(const process::RemoteMemory& memory, RemoteAddr symbol);

/// Looks for the static buffer of Py_GetVersion in an image's writable segments, then in its read-only data. It is filled
/// while the interpreter starts, in every version. At most 64 MiB are read.
[[nodiscard]] std::optional<ProbedVersion> scan_version(const process::RemoteMemory& memory, std::uint64_t load_bias,
                                                        std::span<const elf::LoadSegment> segments);

}  // namespace lampyr::cpython
