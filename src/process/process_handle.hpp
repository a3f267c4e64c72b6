// SPDX-License-Identifier: MIT
#pragma once

#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <compare>
#include <cstdint>
#include <optional>

namespace lampyr::process {

/// One process, for as long as we care about it: a PID may be given to somebody else, this handle never follows.
/// Holds a pidfd (exit is one poll), a descriptor on /proc/PID (which stays bound to the old process) and the start
/// time. A process whose main thread has ended while others live is alive here, as it is for the kernel.
/// Needs no permission beyond seeing the process.
class ProcessHandle {
  public:
    /// kNoSuchProcess for a PID that does not exist or is a zombie.
    [[nodiscard]] static Result<ProcessHandle> open(Pid pid);

    [[nodiscard]] Pid pid() const { return pid_; }
    /// Clock ticks after boot; with the PID it names a process for all time (proc_pid_stat(5), field 22).
    [[nodiscard]] std::uint64_t start_time() const { return start_time_; }
    /// Descriptor on /proc/PID for openat; fails with ENOENT or ESRCH once the process is gone, even if the PID is
    /// reused.
    [[nodiscard]] int proc_dir() const { return proc_dir_.get(); }

    /// True once every thread has ended (zombies included). One system call.
    [[nodiscard]] bool exited() const;

    /// True when the process runs another program image than at `open` or at the last `accept_image`: it called
    /// execve, also of the same file. False when that cannot be known any more because the process is gone.
    [[nodiscard]] bool image_changed() const;
    void accept_image();
    /// True when the other was a fork of this one (or this of that one) and none has called execve since: the same program
    /// with its stack in the same place.
    [[nodiscard]] bool same_image(const ProcessHandle& other) const {
        return image_.start_stack != 0 && image_ == other.image_;
    }

    /// A thread that still runs, the main thread if it does. Nothing when the process is gone.
    [[nodiscard]] std::optional<Tid> living_thread() const;
    /// Whether the thread still belongs to this process.
    [[nodiscard]] bool has_thread(Tid tid) const;

    /// Opens `leaf` of /proc/PID, or of a living thread's /proc/PID/task/TID when the main thread has ended (the kernel
    /// hides maps, mem and exe of a zombie leader). Empty on failure with errno set.
    [[nodiscard]] UniqueFd open_file(const char* leaf) const;

  private:
    /// What changes at execve. Fields the kernel does not let us see are 0.
    struct Image {
        std::uint64_t device = 0, inode = 0, start_code = 0, start_stack = 0;
        friend auto operator<=>(const Image&, const Image&) = default;
    };

    ProcessHandle() = default;
    [[nodiscard]] Image read_image() const;

    Pid pid_;
    UniqueFd pidfd_;  ///< empty where the kernel has no pidfd_open (before 5.3) or a sandbox denies it
    UniqueFd proc_dir_;
    UniqueFd memory_;  ///< /proc/PID/mem stays bound to the address space of the image it was opened on
    std::uint64_t start_time_ = 0;
    Image image_;
};

}  // namespace lampyr::process
