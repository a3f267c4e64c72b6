// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"
#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>

namespace lampyr::process {

/// Reads one small file of each thread, /proc/PID/task/TID/LEAF, over and over: the descriptors are kept, so that a
/// read is one pread (150 to 600 ns) instead of open, read and close (750 ns more). When the descriptor table of this
/// process is nearly full a file is opened and closed for each read instead.
class TaskFiles {
  public:
    /// `leaf` must be a string literal.
    TaskFiles(const ProcessHandle& process, const char* leaf);

    struct Answer {
        std::string_view text;  ///< in the caller's buffer; empty on error
        int os_errno = 0;       ///< ESRCH or ENOENT: the thread is gone. Others: the kernel refuses
    };
    /// Allocates only when it meets a thread for the first time.
    [[nodiscard]] Answer read(Tid tid, std::span<char> buffer);

    [[nodiscard]] std::size_t kept() const { return files_.size(); }
    /// Descriptor numbers from this one on are not kept. Found from RLIMIT_NOFILE; tests lower it.
    void set_highest_descriptor(int number) { highest_ = number; }

  private:
    void drop_dead();

    UniqueFd directory_;  ///< /proc/PID
    const char* leaf_;
    int highest_ = 0;
    std::size_t not_kept_ = 0;  ///< reads by open and close since dead threads were last looked for
    std::unordered_map<Tid, UniqueFd> files_;
};

/// Raises this process's soft limit of open files to the hard limit, where that is allowed. Children started later
/// inherit it, so start them first.
void raise_descriptor_limit();

}  // namespace lampyr::process
