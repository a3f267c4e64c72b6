// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <functional>

namespace lampyr::cpython {

/// The kernel's id, in the target's pid namespace, of the thread a stack belongs to; 0 when it cannot be told. Interpreters
/// before 3.11 keep only pthread_self, so the id is looked for in libc's thread descriptor: at glibc's place first, then
/// anywhere in it. `is_thread` says whether a number is the id of a thread of the process.
[[nodiscard]] std::int64_t native_thread_id(const process::RemoteMemory& memory, const RawStack& stack,
                                            const std::function<bool(std::int64_t)>& is_thread);

}  // namespace lampyr::cpython
