// SPDX-License-Identifier: MIT
#pragma once

#include <sched.h>

#include <cstddef>

namespace lampyr::process {

/// The calling thread is on this processor for as long as this object lives, if it may be there; afterwards where it was before.
class Visit {
  public:
    explicit Visit(int processor) {
        if (processor < 0 || processor >= CPU_SETSIZE) return;
        if (::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
        cpu_set_t there;
        CPU_ZERO(&there);
        CPU_SET(static_cast<std::size_t>(processor), &there);
        moved_ = ::sched_setaffinity(0, sizeof there, &there) == 0;
    }
    ~Visit() {
        if (moved_) ::sched_setaffinity(0, sizeof before_, &before_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

  private:
    cpu_set_t before_{};
    bool moved_ = false;
};

}  // namespace lampyr::process
