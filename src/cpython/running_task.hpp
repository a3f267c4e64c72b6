// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/layouts/asyncio_fields.hpp"
#include "process/remote_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lampyr::cpython {

/// Which tasks run just now, for the sampling path: one read (3.14+, from the thread state) or two (before, from the dict
/// `asyncio.tasks._current_tasks`). Allocates nothing.
class RunningTasks {
  public:
    /// All must outlive it.
    RunningTasks(const process::RemoteMemory& memory, const Layout& layout, const AsyncioLayout& asyncio)
        : memory_(memory), layout_(layout), asyncio_(asyncio) {}

    /// The task of the thread's event loop; before 3.14 those of all event loops (of some, where they are many). `current_tasks`: that
    /// dict of the thread's interpreter. Valid until the next call.
    [[nodiscard]] std::span<const RemoteAddr> read(RemoteAddr thread, RemoteAddr current_tasks);

  private:
    static constexpr std::size_t kMost = 32;
    [[nodiscard]] std::span<const RemoteAddr> from_dict(RemoteAddr dict);

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    const AsyncioLayout& asyncio_;
    std::array<RemoteAddr, kMost> tasks_{};
};

}  // namespace lampyr::cpython
