// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/stack_reader.hpp"
#include "process/remote_memory.hpp"

#include <string>

namespace lampyr::cpython {

/// Every thread's stack of a process that stands still (a recording, a core file), as plain lines: for each thread
/// `thread IDENT` with ` gil` for the holder and its quoted name when it has one, then its frames innermost first as
/// `  name (file:line)`. For recordings of processes and the tests that replay them.
[[nodiscard]] std::string stacks_as_text(const process::RemoteMemory& memory, const Layout& layout,
                                         RuntimeAnchor anchor);

}  // namespace lampyr::cpython
