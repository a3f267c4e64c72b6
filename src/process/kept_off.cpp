// SPDX-License-Identifier: MIT
#include "process/kept_off.hpp"

namespace lampyr::process {

void KeptOff::keep_off(std::span<const int> processors) {
    cpu_set_t off;
    CPU_ZERO(&off);
    for (const int processor : processors)
        if (processor >= 0 && processor < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(processor), &off);
    if (CPU_EQUAL(&off, &off_) != 0) return;
    off_ = off;
    if (!moved_ && ::sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) return;
    cpu_set_t left;
    CPU_AND(&left, &allowed_, &off);
    CPU_XOR(&left, &allowed_, &left);
    if (CPU_COUNT(&left) == 0) left = allowed_;
    moved_ = ::sched_setaffinity(0, sizeof left, &left) == 0 || moved_;
}

void KeptOff::go_back() {
    CPU_ZERO(&off_);
    if (moved_ && ::sched_setaffinity(0, sizeof allowed_, &allowed_) == 0) moved_ = false;
}

}  // namespace lampyr::process
