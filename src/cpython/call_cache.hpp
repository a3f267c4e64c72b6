// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "process/remote_memory.hpp"

namespace lampyr::cpython {

/// Whether the interpreter itself says that `caller` calls the function of `callee` from where it stands: a specialised call
/// holds the version of the function it is specialised for. That needs no luck in reading, so calls of some ns can be known, too.
/// False: it says nothing.
[[nodiscard]] bool is_specialised_call(const process::RemoteMemory& memory, const Layout& layout,
                                       const RawFrame& caller, const RawFrame& callee);

}  // namespace lampyr::cpython
