// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lampyr::cpython {

/// Names as `threading` knows them, by `threading.get_ident()`: sys.modules["threading"]._active[ident]._name. Threads that
/// `threading` does not know (made by C code, or the module is not imported) are missing, and so is whatever could not be
/// read. Some dozens of reads: for when threads came or went, not for each sample.
[[nodiscard]] std::vector<std::pair<std::uint64_t, std::string>> read_thread_names(const process::RemoteMemory& memory,
                                                                                   const Layout& layout,
                                                                                   RemoteAddr interpreter);

}  // namespace lampyr::cpython
