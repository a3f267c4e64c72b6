// SPDX-License-Identifier: MIT
// What is left of a stack whose innermost frame went away while it was read.
#include "cpython/chain_walk.hpp"
#include "cpython/frame_slots.hpp"

namespace lampyr::cpython {
namespace {

bool plausible_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

/// Whether a frame known from the last proven stack is alive still and where it was: its code in both copies and its caller the
/// known one. On the data stack frames lie in the order of the calls, so below the innermost one all are alive; elsewhere
/// a frame is if its caller waits for it.
bool ChainWalk::stands(FrameCoverage& coverage, RemoteAddr top, RawFrame& known, Standing& outer) const {
    const FrameCopies copies = coverage.find(known.frame, layout_.frame.size);
    const bool heap = layout_.current_frame == CurrentFrame::kHeapFrame;
    if (copies.first == nullptr || (known.generator && !heap)) return false;
    const bool same_chunk = coverage.in_one_range(known.frame, top);
    if (same_chunk && known.frame >= top) return false;
    if (!same_chunk && !known.through_c && !outer.waits) return false;
    const FrameFields now = decode_frame(layout_, copies.second);
    const FrameFields before = decode_frame(layout_, copies.first);
    if (now.code != known.code || before.code != known.code || now.previous != before.previous) return false;
    if (now.activity == Activity::kDead || before.activity == Activity::kDead) return false;
    if (!outer.frame.is_null() && now.previous != outer.frame) {
        const FrameCopies between = coverage.find(now.previous, layout_.frame.size);
        if (between.first == nullptr) return false;
        const FrameFields shim = decode_frame(layout_, between.second);
        if (!shim.shim || shim.previous != outer.frame) return false;
    }
    known.instruction = now.instruction;
    known.tlbc_index = now.tlbc_index;
    outer.frame = known.frame;
    outer.moved = now.instruction != before.instruction || now.tlbc_index != before.tlbc_index ||
                  slots_changed(layout_, copies, known.frame, {});
    // Heap frames do not tell waiting from running; that they are alive was asked above.
    outer.waits = now.activity == before.activity && now.activity != Activity::kExecuting;
    return true;
}

/// The chain broke off: the innermost frame returned and its place was used again before it was read. The outer part of the
/// stack is still there; it is found from the other end, as far as it stands as it stood in the last proven stack, and what
/// it has called since is found from there.
void ChainWalk::restart(FrameCoverage& coverage, RemoteAddr top) {
    if (silent()) return;  // a frame that returned looks as it did
    const std::span<const RawFrame> proven = last_proven_.frames();
    standing_.clear();
    Standing outer{{}, true, false};  // the outermost frame never ends
    while (!outer.moved && standing_.size() < proven.size()) {
        RawFrame frame = proven[proven.size() - 1 - standing_.size()];
        if (!stands(coverage, top, frame, outer)) break;
        standing_.push_back(frame);
    }
    if (standing_.empty()) return;
    // The line of a heap frame is written at each instruction, so the second copy has it. What lies above is of before.
    const bool heap = layout_.current_frame == CurrentFrame::kHeapFrame;
    if (!heap && fetched_.empty() && restart_at(coverage, outer.frame, top)) return;
    if (!heap && outer.moved) standing_.pop_back();  // its line is not known
    result_->frames.insert(result_->frames.end(), standing_.rbegin(), standing_.rend());
    result_->rooted = !standing_.empty();
}

/// Makes the stack of what a frame that is alive has called since. If the frame the pointer named may still be above it, that is
/// kept, unproven.
bool ChainWalk::restart_at(FrameCoverage& coverage, RemoteAddr alive, RemoteAddr top) {
    Chain& chain = chains_[0];
    follow(coverage, nullptr, settle_inwards(layout_, known_, coverage, alive, Copy::kAfter), Copy::kAfter, {}, chain);
    recognise(chain);
    result_ = &chain;
    if (!chain.rooted) return false;
    const FrameCopies named = plausible_object(top) ? coverage.find(top, layout_.frame.size) : FrameCopies{};
    if (named.first == nullptr) return true;
    const FrameFields f = decode_frame(layout_, named.second);
    if (f.shim || !plausible_object(f.code) || !entered_from_c(coverage, f)) return true;
    chain.frames.insert(chain.frames.begin(), {top, f.code, f.instruction, f.tlbc_index, f.generator, true});
    ++chain.unproven;
    return true;
}

/// Whether C stands between a frame and its caller, which then need not wait for it. A generator that has yielded has no caller.
bool ChainWalk::entered_from_c(FrameCoverage& coverage, const FrameFields& f) const {
    if (f.generator) return !f.previous.is_null();
    if (layout_.frame.is_entry.present()) return f.entry;
    const FrameCopies caller =
        plausible_object(f.previous) ? coverage.find(f.previous, layout_.frame.size) : FrameCopies{};
    return caller.first != nullptr && decode_frame(layout_, caller.second).shim;
}

}  // namespace lampyr::cpython
