// SPDX-License-Identifier: MIT
#include "sampler/thread_clock.hpp"

namespace lampyr::sampler {

using process::RunState;

bool ThreadClock::advance(const process::ThreadCpu& now) {
    // A new thread may have got the number of one that ended, and then the counters begin anew.
    const bool continues =
        counted_ && now.on_cpu >= last_.on_cpu && now.waiting >= last_.waiting && now.slices >= last_.slices;
    change_ = {};
    if (continues) change_ = {now.on_cpu - last_.on_cpu, now.waiting - last_.waiting, now.slices != last_.slices};
    changed_ = continues && (change_.ran.count() != 0 || change_.waited.count() != 0 || change_.got_cpu);
    moved_ = !continues || changed_ || (state_ != RunState::kBlocked && state_ != RunState::kGone);
    last_ = now;
    counted_ = true;
    return !continues || changed_ || state_ == RunState::kUnknown;
}

void ThreadClock::look(Tid tid, process::ThreadCpuReader& cpu, process::ThreadStatusReader& status) {
    const auto now = cpu.read(tid);
    // A thread that has begun to run has had the CPU once: a kernel that does not count says "0 0 0".
    if (now && now->slices != 0) {
        if (advance(*now)) state_ = status.state(tid);
        return;
    }
    change_ = {};
    changed_ = false;
    counted_ = false;
    moved_ = true;
    state_ = status.state(tid);
}

}  // namespace lampyr::sampler
