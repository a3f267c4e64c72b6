// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layouts/asyncio_fields.hpp"
#include "process/proc_maps.hpp"
#include "process/remote_memory.hpp"

#include <lampyr/ids.hpp>

#include <span>

namespace lampyr::cpython {

/// What asyncio publishes of itself (3.14+): thirteen numbers in section `.AsyncioDebug`, of `_asyncio*.so` or of the interpreter
/// that has it built in. They are found by the section of the mapped files, or where these cannot be read (a core, a deleted
/// file) by the numbers that stand for a task. Each is checked before it replaces the table's. False: nothing found, or
/// nothing that can be; the tables then know no place where tasks are found. Opens files: once a process.
[[nodiscard]] bool take_asyncio_section(AsyncioLayout& asyncio, const process::RemoteMemory& memory, Pid pid,
                                        std::span<const process::Mapping> mappings);

}  // namespace lampyr::cpython
