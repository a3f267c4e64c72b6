// SPDX-License-Identifier: MIT
#pragma once

#include <sched.h>

#include <span>

namespace lampyr::process {

/// Keeps the calling thread off processors that a program needs, as long as others are left. The kernel moves ordinary threads to a
/// processor at rest when they wake; one of real-time priority stays where it was last, and takes that from whoever runs there.
/// Threads that are started meanwhile inherit it: `go_back` before. Use it on one thread; what was before is restored at the end.
class KeptOff {
  public:
    KeptOff() = default;
    ~KeptOff() { go_back(); }
    KeptOff(const KeptOff&) = delete;
    KeptOff& operator=(const KeptOff&) = delete;

    /// From these from now on, and from no others; negative numbers are none. A system call only when that is a change.
    void keep_off(std::span<const int> processors);
    void go_back();

  private:
    cpu_set_t allowed_{};  // before
    cpu_set_t off_{};
    bool moved_ = false;
};

}  // namespace lampyr::process
