// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/dump.hpp>

#include "cpython/raw_stack.hpp"
#include "cpython/runtime_locator.hpp"
#include "process/proc_maps.hpp"
#include "process/process_handle.hpp"
#include "process/remote_memory.hpp"
#include "sampler/file_names.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lampyr::sampler {

/// What is dumped: a living process, or the core of one. All that is referred to must outlive the dump.
struct DumpSource {
    const process::RemoteMemory& memory;
    const cpython::RuntimeLocation& runtime;
    FileNames files;
    std::function<Tid(const cpython::RawStack&)> os_tid;       ///< 0: cannot be told
    const process::ProcessHandle* process = nullptr;           ///< null: a core
    std::function<std::optional<std::uint64_t>(Tid)> futex{};  ///< of a core: on which a thread slept
    Pid pid{};
    std::string command_line{};
    std::string executable{};
    std::vector<process::Mapping> mappings{};  ///< of a core
};

[[nodiscard]] Result<ProcessDump> take_dump(DumpSource& source, const DumpOptions& options);

}  // namespace lampyr::sampler
