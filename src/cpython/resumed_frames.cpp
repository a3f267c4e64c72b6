// SPDX-License-Identifier: MIT
#include "cpython/resumed_frames.hpp"

namespace lampyr::cpython {

void ResumedFrames::remember(const RawFrame& frame, const RawFrame& caller) {
    if (!frame.generator && !heap()) return;
    met_[slot(frame.frame)] = {frame, caller.frame, caller.code};
    if (frame.through_c) last_[slot(caller.frame)] = frame.frame;
}

/// How a frame at this address was met last, if who called it then is still there. Null: it was not, or is not.
const ResumedFrames::Met* ResumedFrames::met(FrameCoverage& coverage, RemoteAddr frame) const {
    const Met& known = met_[slot(frame)];
    if (known.frame.frame != frame) return nullptr;
    const FrameCopies by = coverage.find(known.by, layout_.frame.size);
    return by.first != nullptr && decode_frame(layout_, by.second).code == known.by_code ? &known : nullptr;
}

/// Whether what lies here is a generator's frame no more. Heap frames do not say what they are.
bool ResumedFrames::has_ended(const FrameFields& f, const FrameFields& other) const {
    const auto is_generator = [](const FrameFields& fields) { return fields.generator && !fields.code.is_null(); };
    return !heap() && !is_generator(f) && !is_generator(other);
}

/// A heap frame that has returned looks like one that has yielded. It, too, was running.
bool ResumedFrames::has_yielded(const FrameFields& f, const FrameFields& other) const {
    if (!f.previous.is_null()) return false;
    return heap() ? f.activity == Activity::kDead && other.activity == Activity::kDead : f.generator;
}

ResumedFrames::Found ResumedFrames::find(FrameCoverage& coverage, RemoteAddr address, const FrameFields& f,
                                         const FrameFields& other) const {
    const bool ended = has_ended(f, other) && !coverage.in_range(address);
    if (!ended && !has_yielded(f, other)) return {};
    const Met* known = met(coverage, address);
    if (known != nullptr && (ended || known->frame.code == f.code)) return {known->frame, known->by, ended};
    if (ended || other.code != f.code || other.previous.is_null()) return {};
    return {{address, f.code, f.instruction, f.tlbc_index, true, f.entry}, other.previous};
}

RemoteAddr ResumedFrames::behind_marker(FrameCoverage& coverage, RemoteAddr top, Copy copy) const {
    if (layout_.shim_rule != ShimRule::kOwnerFrom3 || !top.is_plausible() || !top.is_aligned()) return top;
    const FrameCopies copies = coverage.find(top, layout_.frame.size);
    if (copies.first == nullptr) return top;
    const FrameFields marker = decode_frame(layout_, bytes_of(copies, copy));
    if (!marker.shim) return top;
    const RemoteAddr last = last_[slot(marker.previous)];
    const Met* known = met(coverage, last);
    return known != nullptr && known->by == marker.previous ? last : top;
}

}  // namespace lampyr::cpython
