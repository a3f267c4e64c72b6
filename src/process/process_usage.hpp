// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"

#include <chrono>
#include <cstdint>

namespace lampyr::process {

/// What the kernel has counted for a process as a whole (proc_pid_stat(5)). Zeros once it is gone.
struct Usage {
    std::chrono::nanoseconds cpu{0};  ///< user and system time of all threads, ended ones included
    std::uint64_t rss_bytes = 0;
};
[[nodiscard]] Usage read_usage(const ProcessHandle& process);

}  // namespace lampyr::process
