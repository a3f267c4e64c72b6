// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/dump.hpp>

#include "cpython/raw_stack.hpp"
#include "sampler/dump_source.hpp"

#include <span>
#include <vector>

namespace lampyr::sampler {

/// A task and the addresses of its frames, innermost first; `task.frames` is still empty.
struct FoundTask {
    DumpTask task;
    std::vector<cpython::RawFrame> frames;
};

struct FoundTasks {
    std::vector<FoundTask> tasks;  ///< in the order of `ProcessDump::tasks`
    bool whole = true;
};

/// The tasks of asyncio of all interpreters. What a running one does is taken from `stacks`. Unless the target is held, each is
/// read until two reads agree, or marked after a few times.
[[nodiscard]] FoundTasks read_tasks(const DumpSource& source, std::span<const RemoteAddr> interpreters,
                                    std::span<cpython::RawStack* const> stacks, bool held);

}  // namespace lampyr::sampler
