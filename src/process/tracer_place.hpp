// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"

#include <lampyr/ids.hpp>

#include <sched.h>

#include <chrono>

namespace lampyr::process {

/// Keeps a tracing thread on the processor of the thread that it stops. To stop and to wake a thread of another processor
/// takes an interrupt there each time, which costs many times the switch from one thread to another; and what the tracer copies
/// is in this processor's cache. Use it on one thread.
class TracerPlace {
  public:
    using Clock = std::chrono::steady_clock;

    TracerPlace();

    /// After a stop that took longer than beside one another: looks where the thread is (a file of /proc), and goes there.
    void follow(const ProcessHandle& process, Tid tid);
    /// By all that is known both are on one processor: the thread can only stop while the tracer sleeps.
    [[nodiscard]] bool beside() const { return processor_ >= 0; }

  private:
    cpu_set_t allowed_{};
    int processor_ = -1;  ///< that the tracer is held on; -1: on none
    Clock::time_point looked_{};
};

}  // namespace lampyr::process
