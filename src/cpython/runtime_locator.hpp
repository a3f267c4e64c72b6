// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/proc_maps.hpp"
#include "process/remote_memory.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::cpython {

/// Ways to the anchor of an interpreter, in the order they are tried.
enum class LocateStrategy : std::uint8_t {
    kMemorySymbols,   ///< exported symbols, read from the process's own memory
    kFileSymbols,     ///< .dynsym and .symtab of the mapped files
    kRuntimeSection,  ///< section .PyRuntime of the mapped files (3.10+)
    kCookieScan,      ///< the cookie of the published offsets in writable data (3.13+)
    kPointerScan,     ///< a pointer in writable data that leads to an interpreter (≤ 3.12)
};
inline constexpr LocateStrategy kLocateStrategies[] = {LocateStrategy::kMemorySymbols, LocateStrategy::kFileSymbols,
                                                       LocateStrategy::kRuntimeSection, LocateStrategy::kCookieScan,
                                                       LocateStrategy::kPointerScan};
[[nodiscard]] std::string_view to_string(LocateStrategy strategy);

/// An interpreter found in a process and proved to be one, with the layout to read it.
struct RuntimeLocation {
    Layout layout;
    std::string version_text;  ///< "3.13.0", "3.15.0b4", "3.14.2t"
    RemoteAddr runtime;        ///< _PyRuntime, or (2.7, 3.6) the variable interp_head
    RemoteAddr
        current_thread;  ///< 2.7, 3.6: the variable _PyThreadState_Current, null when it was not found; else null
    LocateStrategy strategy = LocateStrategy::kMemorySymbols;
    std::string how;           ///< strategy and symbol in words
    std::string note;          ///< what a person should know (a version newer than known), normally empty
    std::string library_path;  ///< file that holds the interpreter as the target sees it; may be deleted or empty
    std::string stdlib_hint;   ///< ".../lib/python3.13" when the mappings or the library's place tell it, else empty
    bool published_layout = false;  ///< the interpreter itself said where its fields are (3.13+)
};

/// Finds the interpreter by all strategies in order; file names play no part. Every candidate must pass
/// `check_runtime`, so a second copy of a library or a look-alike is not taken. With several interpreters of different
/// libraries in one process, the first in address order; its note names the others.
/// kNotPython: no image of the process holds one. kPythonStarting: it is there and not initialised (or already
/// finalised). kUnsupportedVersion: no table for it, or a build whose structures differ (a debug build).
/// kTargetGone: nothing of the process could be read.
[[nodiscard]] Result<RuntimeLocation> locate_runtime(const process::RemoteMemory& memory, Pid pid,
                                                     std::span<const process::Mapping> mappings);

/// Same with chosen strategies only.
[[nodiscard]] Result<RuntimeLocation> locate_runtime(const process::RemoteMemory& memory, Pid pid,
                                                     std::span<const process::Mapping> mappings,
                                                     std::span<const LocateStrategy> strategies);

/// Every interpreter of the first strategy that finds any: a process can hold several libpythons.
[[nodiscard]] Result<std::vector<RuntimeLocation>> locate_runtimes(const process::RemoteMemory& memory, Pid pid,
                                                                   std::span<const process::Mapping> mappings,
                                                                   std::span<const LocateStrategy> strategies);

}  // namespace lampyr::cpython
