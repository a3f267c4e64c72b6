// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"

#include <string>
#include <vector>

namespace lampyr::process {

/// Asks the kernel for the children of a process again and again, without searching all of /proc where the kernel keeps
/// lists (CONFIG_PROC_CHILDREN). Keeps its buffers.
class ChildrenReader {
  public:
    /// Replaces `children`. One that was started a moment ago is there; one that ended and was collected is not.
    void read(const ProcessHandle& process, std::vector<Pid>& children);

  private:
    enum class Lists : std::uint8_t { kUnknown, kKept, kAbsent };
    Lists lists_ = Lists::kUnknown;
    std::string text_;
};

/// Whether two processes use one address space: after vfork a child is its parent until it calls execve. False when the
/// kernel does not say.
[[nodiscard]] bool share_memory(Pid one, Pid other);

}  // namespace lampyr::process
