// SPDX-License-Identifier: MIT
#pragma once

#include "process/proc_maps.hpp"
#include "process/process_handle.hpp"
#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <string_view>

namespace lampyr::process {

// Files as the target sees them: in its mount namespace, below its root directory, and although deleted. Symbolic links
// are resolved inside its root, so a container cannot point us at files of the host. Only regular files are ever
// opened: opening a device or a FIFO may act or block. The files stay the target's, which may cut them at any time:
// read them with pread, do not map them (SIGBUS).

/// The very file that is mapped, by the first way that works: /proc/PID/map_files (needs CAP_SYS_ADMIN or
/// CAP_CHECKPOINT_RESTORE), /proc/PID/exe, and the path below /proc/PID/root if device and inode agree. kSystem with
/// ENOENT when the file is deleted or replaced and cannot be reached.
[[nodiscard]] Result<UniqueFd> open_mapped_file(const ProcessHandle& process, const Mapping& mapping);
[[nodiscard]] Result<UniqueFd> open_mapped_file(Pid pid, const Mapping& mapping);

/// The running program's file, deleted or not.
[[nodiscard]] Result<UniqueFd> open_executable(const ProcessHandle& process);

/// Whether there is a file (of any kind) of this name for the target; relative names begin at its working directory.
[[nodiscard]] bool file_exists_in_target(const ProcessHandle& process, std::string_view path);
[[nodiscard]] bool file_exists_in_target(Pid pid, std::string_view path);

/// A regular file by its name for the target, for showing what is in it: only where the target's user owns it or everybody
/// may read it, so that no name makes us show what its user could not see. kSystem when there is none, or the kernel cannot
/// keep a name inside the target's root (before Linux 5.6).
[[nodiscard]] Result<UniqueFd> open_readable_file(const ProcessHandle& process, std::string_view path);

}  // namespace lampyr::process
