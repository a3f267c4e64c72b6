// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace lampyr::process {

/// What /proc says about a process as a whole. All text is the target's own and hostile; not yet safe for a terminal.
struct ProcessInfo {
    Pid pid;
    Pid parent;
    std::vector<std::string> arguments;  ///< at most the first MiB; empty for zombies and kernel threads
    std::string command_line;            ///< arguments joined by blanks; "[comm]" when there are none
    std::string executable;              ///< as the target sees it, without " (deleted)"; empty when not permitted
    bool executable_deleted = false;
    std::string comm;              ///< name of the main thread
    std::uint64_t start_time = 0;  ///< clock ticks after boot
    char state = '?';              ///< of the main thread, see proc_pid_stat(5)
    bool zombie = false;           ///< no thread lives any more
    bool kernel_thread = false;
    std::uint32_t uid = 0;  ///< real user id
    /// The PID in each pid namespace it is in, ours first, its own last.
    std::vector<std::int32_t> namespace_pids;
};

/// kNoSuchProcess when there is no such process; zombies have an answer.
[[nodiscard]] Result<ProcessInfo> read_process_info(Pid pid);

/// Processes whose parent is `pid`, in no order, from one pass over /proc.
[[nodiscard]] std::vector<Pid> list_children(Pid pid);

}  // namespace lampyr::process
