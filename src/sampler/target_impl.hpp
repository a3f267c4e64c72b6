// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/target.hpp>

#include "cpython/raw_stack.hpp"
#include "cpython/runtime_locator.hpp"
#include "cpython/stack_reader.hpp"
#include "process/namespaces.hpp"
#include "process/process_handle.hpp"
#include "process/spawn.hpp"
#include "process/vm_memory.hpp"
#include "sampler/file_names.hpp"

#include <memory>
#include <optional>
#include <string>

namespace lampyr {

/// What a Target holds: the process, its memory, where its runtime is, and the child if we started it.
struct Target::Impl {
    Pid pid;
    std::string command_line;
    std::string executable;
    std::unique_ptr<process::VmMemory> memory;
    cpython::RuntimeLocation runtime;
    process::TidMap tids;
    std::optional<process::Child> child;
    /// Where stacks are read from, if not from `memory`: a recording, or the memory seen through something else.
    std::unique_ptr<process::RemoteMemory> reading{};

    [[nodiscard]] const process::RemoteMemory& source() const { return reading ? *reading : *memory; }

    [[nodiscard]] cpython::RuntimeAnchor anchor() const { return {runtime.runtime, runtime.current_thread}; }
    /// The kernel's id of the thread as we see it; 0 when it cannot be told.
    [[nodiscard]] Tid os_tid(const cpython::RawStack& stack);
    [[nodiscard]] sampler::FileNames file_names() const;
};

/// One look at the process as it is now. Errors kNotPython and kPythonStarting may be true of this moment only. `known`: where
/// the runtime is in a process of which this one is a fork; it is then there, and need not be searched for.
[[nodiscard]] Result<std::unique_ptr<Target::Impl>> look_at_process(Pid pid,
                                                                    const cpython::RuntimeLocation* known = nullptr);

}  // namespace lampyr
