// SPDX-License-Identifier: MIT
#pragma once

#include "process/task_files.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace lampyr::process {

enum class RunState : std::uint8_t {
    kRunning,  ///< on a CPU or waiting for one
    kBlocked,  ///< waiting for something else in the kernel, or stopped
    kGone,     ///< has ended
    kUnknown,  ///< the kernel did not say
};

/// Tells whether threads of one process run, with one pread a thread and nothing allocated once a thread is known.
/// Reads `syscall` (200 ns for a running thread; prints "running" for runnable ones too) and, where that is not
/// permitted, `stat` (650 ns). Not for two threads at a time.
class ThreadStatusReader {
  public:
    enum class Source : std::uint8_t { kSyscall, kStat };

    explicit ThreadStatusReader(const ProcessHandle& process, Source source = Source::kSyscall);

    [[nodiscard]] RunState state(Tid tid);
    /// Whether a thread that does not run is inside a system call. Nothing when the kernel does not say.
    [[nodiscard]] std::optional<bool> inside_call(Tid tid);
    /// How often the thread has given up its CPU by itself, to wait or to be stopped. A longer read (10 us).
    [[nodiscard]] std::optional<std::uint64_t> voluntary_switches(Tid tid);
    /// The address of the futex on which the thread sleeps. Nothing when it does not, or the kernel does not say. Of some other
    /// calls that were interrupted it is another address of the program.
    [[nodiscard]] std::optional<std::uint64_t> futex(Tid tid);
    [[nodiscard]] Source source() const { return source_; }
    [[nodiscard]] TaskFiles& files() { return source_ == Source::kSyscall ? syscall_ : stat_; }

  private:
    TaskFiles syscall_;
    TaskFiles stat_;
    TaskFiles status_;
    Source source_;
};

/// What the scheduler counted for a thread since it began (Documentation/scheduler/sched-stats.rst,
/// /proc/PID/schedstat).
struct ThreadCpu {
    std::chrono::nanoseconds on_cpu{0};
    std::chrono::nanoseconds waiting{0};  ///< runnable, waiting for a CPU
    std::uint64_t slices = 0;
};

/// Reads `schedstat` of threads: one pread each (170 ns). `on_cpu` of a running thread is as of the last tick or
/// switch.
class ThreadCpuReader {
  public:
    explicit ThreadCpuReader(const ProcessHandle& process) : files_(process, "schedstat") {}

    /// Nothing for a thread that has ended, or on a kernel without CONFIG_SCHED_INFO.
    [[nodiscard]] std::optional<ThreadCpu> read(Tid tid);

  private:
    TaskFiles files_;
};

/// The threads of one process, listed again and again into the same vector.
class ThreadList {
  public:
    [[nodiscard]] static Result<ThreadList> open(const ProcessHandle& process);

    /// Replaces `out`; ended main threads included. False when the process is gone.
    [[nodiscard]] bool list(std::vector<Tid>& out) const;

  private:
    explicit ThreadList(UniqueFd tasks) : tasks_(std::move(tasks)) {}
    UniqueFd tasks_;
};

[[nodiscard]] Result<std::vector<Tid>> list_threads(Pid pid);

}  // namespace lampyr::process
