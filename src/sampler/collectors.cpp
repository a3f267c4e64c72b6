// SPDX-License-Identifier: MIT
#include "sampler/collectors.hpp"

#include <algorithm>

namespace lampyr::sampler {

using cpython::Collector;

void Collectors::begin(std::span<const RemoteAddr> interpreters) {
    runs_.clear();
    for (const RemoteAddr interpreter : interpreters)
        if (const auto running = cpython::running_collection(memory_, runtime_.layout, runtime_.runtime, interpreter))
            runs_.emplace(interpreter, Run{*running});
}

void Collectors::judge(const cpython::RawStack& stack) {
    const auto run = runs_.find(stack.interpreter);
    if (run == runs_.end()) return;
    const Collector judged = cpython::may_collect(memory_, runtime_.layout, stack, run->second.collection);
    if (judged != Collector::kNo) run->second.candidates.push_back({stack.tstate, judged});
}

/// Who alone comes into question is it. One of whom it is sure rules the others out.
void Collectors::finish() {
    for (auto run = runs_.begin(); run != runs_.end();) {
        const auto now = cpython::running_collection(memory_, runtime_.layout, runtime_.runtime, run->first);
        if (!now || now->frame != run->second.collection.frame) {
            run = runs_.erase(run);
            continue;
        }
        std::vector<Candidate>& candidates = run->second.candidates;
        const auto sure = std::find_if(candidates.begin(), candidates.end(),
                                       [](const Candidate& one) { return one.judged == Collector::kYes; });
        if (sure != candidates.end()) candidates = {*sure};
        if (candidates.size() == 1) candidates.front().judged = Collector::kYes;
        ++run;
    }
}

DumpAnswer Collectors::told(RemoteAddr thread_state) const {
    if (!cpython::tells_collections(runtime_.layout)) return DumpAnswer::kUnknown;
    for (const auto& [interpreter, run] : runs_)
        for (const Candidate& one : run.candidates)
            if (one.thread_state == thread_state)
                return one.judged == Collector::kYes ? DumpAnswer::kYes : DumpAnswer::kPerhaps;
    return DumpAnswer::kNo;
}

}  // namespace lampyr::sampler
