// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lampyr::cpython {

/// Which tasks run just now, before 3.14: two reads, of the dict `asyncio.tasks._current_tasks`. Later versions have it in the
/// thread state, where it is read with the stack. For the sampling path: allocates nothing.
class RunningTasks {
  public:
    /// All must outlive it.
    RunningTasks(const process::RemoteMemory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

    /// Those of all event loops (of some, where they are many). `dict`: of the thread's interpreter. Valid until the next call.
    [[nodiscard]] std::span<const RemoteAddr> read(RemoteAddr dict);

  private:
    static constexpr std::size_t kMost = 32;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    std::array<RemoteAddr, kMost> tasks_{};
};

}  // namespace lampyr::cpython
