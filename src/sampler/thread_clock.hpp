// SPDX-License-Identifier: MIT
#pragma once

#include "process/thread_status.hpp"
#include "sampler/cpu_share.hpp"

#include <lampyr/ids.hpp>

#include <chrono>
#include <cstdint>

namespace lampyr::sampler {

/// What the kernel says of one thread, asked once a tick with as few reads as will do. The scheduler counts whenever a
/// thread gets onto a CPU or leaves it. So if nothing was counted since the last tick, a thread that was blocked then has
/// not run at all, and one that was running or waiting still does the same; only after a change its state is asked.
class ThreadClock {
  public:
    /// Asks about the thread. Call it before its stack is read: then `moved` speaks of all the time between two reads.
    void look(Tid tid, process::ThreadCpuReader& cpu, process::ThreadStatusReader& status);

    /// May have run since the look before. False: its stack is what it was.
    [[nodiscard]] bool moved() const { return moved_; }
    [[nodiscard]] process::RunState state() const { return state_; }
    /// The kernel counts this thread's CPU time.
    [[nodiscard]] bool counted() const { return counted_; }
    /// What was counted between the last two looks; all zero when nothing was.
    [[nodiscard]] const CpuShare::Change& change() const { return change_; }
    [[nodiscard]] bool changed() const { return changed_; }
    /// How often it had come onto a CPU by the last look.
    [[nodiscard]] std::uint64_t slices() const { return last_.slices; }

    /// The two parts of `look`. `advance` is given the counters and says whether the state must be asked.
    [[nodiscard]] bool advance(const process::ThreadCpu& now);
    void set_state(process::RunState state) { state_ = state; }

  private:
    process::ThreadCpu last_;
    CpuShare::Change change_;
    process::RunState state_ = process::RunState::kUnknown;
    bool counted_ = false;
    bool changed_ = false;
    bool moved_ = true;
};

}  // namespace lampyr::sampler
