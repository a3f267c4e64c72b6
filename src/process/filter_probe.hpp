// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace lampyr::process {

/// What a seccomp filter on us does with a system call.
enum class FilterVerdict : std::uint8_t {
    kAllows,
    kRefuses,  ///< answers with an error
    kKills,    ///< ends who makes the call, with SIGSYS
};

/// Tried by a child process on itself, because the answer may be its end; no other process is touched. Not for a loop.
[[nodiscard]] FilterVerdict probe_reading();   ///< process_vm_readv
[[nodiscard]] FilterVerdict probe_stopping();  ///< ptrace

}  // namespace lampyr::process
