// SPDX-License-Identifier: MIT
#pragma once

#include "process/task_files.hpp"

#include <lampyr/ids.hpp>

#include <sched.h>

#include <cstdint>
#include <span>

namespace lampyr::process {

/// Sends a tracing thread to the processor of the thread that it will stop. To stop and to wake a thread of another processor
/// takes an interrupt there each time, which costs many times the switch from one thread to another; and what the tracer copies
/// is in this processor's cache. But where others wait for that processor, a thread that had to leave it for the tracer may find one of
/// them there. Belongs to who orders the stops: the tracer sleeps when it is sent, so that nothing of this
/// happens on the program's processor.
class TracerPlace {
  public:
    enum class Where : std::uint8_t {
        kBeside,  ///< the threads' processor
        kApart,   ///< any other, if there is one
    };

    /// The tracer is sent where the calling thread may run, and nowhere else.
    explicit TracerPlace(const ProcessHandle& process);

    /// Looks (a read of a file of /proc for each) where the threads are: the processor of the first that runs, or of the first.
    /// True: the tracer, asleep, will wake there, and they can only stop while it sleeps.
    bool send(Tid tracer, std::span<const Tid> threads, Where where);
    /// Where the threads were found at the last look; -1: not known.
    [[nodiscard]] int found() const { return found_; }

  private:
    [[nodiscard]] int processor_of(std::span<const Tid> threads);

    TaskFiles stat_;
    cpu_set_t allowed_{};
    Tid tracer_;
    cpu_set_t held_{};  ///< where the tracer may be; empty: not known
    int found_ = -1;
};

}  // namespace lampyr::process
