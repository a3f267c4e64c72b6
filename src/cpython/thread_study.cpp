// SPDX-License-Identifier: MIT
// Looks at a thread by which only calls are learned.
#include "cpython/call_cache.hpp"
#include "cpython/thread_reader.hpp"

#include <algorithm>

namespace lampyr::cpython {

/// A thread that has lost its processor shows the same moment again and again, and that may be one of the few that deceive.
bool ThreadReader::look_is_new() {
    const std::span<const std::byte> look(second_bytes_.data(), second_plan_.bytes());
    if (std::equal(look.begin(), look.end(), last_look_.begin(), last_look_.end())) return false;
    last_look_.assign(look.begin(), look.end());
    return true;
}

/// Caller and callee may both wait while what they have called runs. That it does is seen in the innermost frame and in what names it.
void ThreadReader::plan_pulse(ReadPlan& plan) const {
    const bool by_cframe = layout_.current_frame == CurrentFrame::kCFrame;
    if (!by_cframe)
        plan.add(tstate_ + layout_.thread.frame.value(), sizeof(std::uint64_t));
    else if (!cframes_.address.is_null())
        plan.add(cframes_.address, cframes_.bytes);
    plan.add(chain_.innermost(), layout_.frame.size);
}

/// Only the outermost call in doubt, within the time of four ranges. The processor may copy the lines of one range in any
/// order. Slots that are copied before the instruction do not show that a loop came round to it in between, so those of the
/// second copy are a range of their own: ranges are copied one after the other.
void ThreadReader::study_call(const RawFrame* callee) {
    if (callee == nullptr) return;
    const RawFrame* caller = callee + 1;
    second_plan_.clear();
    const std::uint64_t size = bytes_with_slots(caller->frame);
    const std::uint32_t first = second_plan_.add(caller->frame, size);
    const std::uint32_t between = second_plan_.add(callee->frame, layout_.frame.size);
    const std::uint64_t fields = std::min<std::uint64_t>(size, layout_.frame.localsplus.value());
    const std::uint32_t second = second_plan_.add(caller->frame, fields);
    if (fields < size) second_plan_.add(caller->frame + fields, size - fields);
    plan_pulse(second_plan_);
    if (!read_plan() || !look_is_new()) return;
    const std::byte* bytes = second_bytes_.data();
    chain_.study_call(*caller, {bytes + first, bytes + second, size}, *callee, bytes + between);
}

void ThreadReader::study() {
    const RawFrame* callee = chain_.unknown_callee();
    // Between C and the generator that it resumes stands an entry marker (3.12+), which is not read with the two.
    const bool marked =
        layout_.shim_rule == ShimRule::kOwnerFrom3 && callee != nullptr && callee->generator && callee->through_c;
    if (!chunked() || (callee != nullptr && callee->generator && !marked)) {
        study_call(callee);
    } else if (callee != nullptr && is_specialised_call(memory_, layout_, callee[1], *callee)) {
        chain_.know_call(callee[1], *callee);
    } else if (read_second() && look_is_new()) {
        const Top top = find_top(second_bytes_.data(), second_);
        if (!top.frame.is_null() && !top.elsewhere && covers(top, second_))
            chain_.study(second_.coverage, {top.frame_before, top.frame, top.sure});
    }
}

}  // namespace lampyr::cpython
