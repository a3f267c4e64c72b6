// SPDX-License-Identifier: MIT
#include "cpython/resumed_frames.hpp"

#include <algorithm>

namespace lampyr::cpython {

namespace {

/// The innermost frame is looked for so many calls away from where the pointer had it.
constexpr std::size_t kMostCalls = 16;

}  // namespace

void ResumedFrames::remember(const RawFrame& frame, const RawFrame& caller) {
    if (!frame.generator && !heap()) return;
    if (met_.empty()) {
        met_.resize(kSlots);
        callees_.resize(kSlots);
    }
    met_[slot(frame.frame)] = {frame, caller.frame, caller.code};
    Callees& callees = callees_[slot(caller.frame)];
    const auto place = std::find(callees.begin(), callees.end() - 1, frame.frame);
    std::move_backward(callees.begin(), place, place + 1);
    callees.front() = frame.frame;
}

/// How a frame at this address was met last, if who called it then is still there. Null: it was not, or is not.
const ResumedFrames::Met* ResumedFrames::met(FrameCoverage& coverage, RemoteAddr frame) const {
    if (met_.empty()) return nullptr;
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
    if (callees_.empty()) return top;
    const RemoteAddr last = callees_[slot(marker.previous)].front();
    const Met* known = met(coverage, last);
    return known != nullptr && known->by == marker.previous && known->frame.through_c ? last : top;
}

/// Null: the frame runs in this copy, or nobody can be named.
RemoteAddr ResumedFrames::caller_of(FrameCoverage& coverage, RemoteAddr frame, Copy copy) const {
    if (!frame.is_plausible() || !frame.is_aligned()) return {};
    const FrameCopies copies = coverage.find(frame, layout_.frame.size);
    if (copies.first == nullptr) return {};
    const FrameFields f = decode_frame(layout_, bytes_of(copies, copy));
    const FrameFields other =
        decode_frame(layout_, bytes_of(copies, copy == Copy::kAfter ? Copy::kBefore : Copy::kAfter));
    return find(coverage, frame, f, other).by;
}

bool ResumedFrames::was_called_by(RemoteAddr callee, RemoteAddr caller) const {
    const Met& known = met_[slot(callee)];
    return known.frame.frame == callee && known.by == caller;
}

/// 3.12+: between C and the frame that it runs stands an entry marker.
RemoteAddr ResumedFrames::behind_entry(FrameCoverage& coverage, RemoteAddr previous, Copy copy) const {
    if (layout_.shim_rule != ShimRule::kOwnerFrom3 || coverage.in_range(previous)) return previous;
    const FrameCopies copies = coverage.find(previous, layout_.frame.size);
    if (copies.first == nullptr) return previous;
    const FrameFields f = decode_frame(layout_, bytes_of(copies, copy));
    return f.shim ? f.previous : previous;
}

/// A frame outside of the data stack that names `caller` as its caller in this copy. Null: none.
RemoteAddr ResumedFrames::called_by(FrameCoverage& coverage, RemoteAddr caller, Copy copy) const {
    const auto is_called = [&](RemoteAddr callee) {
        if (callee.is_null()) return false;
        const FrameCopies copies = coverage.find(callee, layout_.frame.size);
        if (copies.first == nullptr) return false;
        const std::byte* bytes = bytes_of(copies, copy);
        const RemoteAddr previous = load_pointer(bytes, layout_.frame.previous);
        // An entry marker may be another loop's by now, so only who called it before is believed.
        if (previous != caller && !(was_called_by(callee, caller) && behind_entry(coverage, previous, copy) == caller))
            return false;
        const FrameFields f = decode_frame(layout_, bytes);
        return f.activity != Activity::kDead && !f.shim && !f.code.is_null() && (heap() || f.generator);
    };
    const Callees& latest = callees_[slot(caller)];
    if (const auto* found = std::find_if(latest.begin(), latest.end(), is_called); found != latest.end()) return *found;
    const std::span<const RemoteAddr> expected = coverage.expected();
    const auto found = std::find_if(expected.begin(), expected.end(), is_called);
    return found != expected.end() ? *found : RemoteAddr();
}

RemoteAddr ResumedFrames::settle(FrameCoverage& coverage, RemoteAddr top, Copy copy) const {
    const bool silent = heap() && !layout_.frame.state.present();
    if (callees_.empty() || silent) return top;
    for (std::size_t n = 0; n < kMostCalls; ++n) {
        const RemoteAddr caller = caller_of(coverage, top, copy);
        if (caller.is_null()) break;
        top = caller;
    }
    for (std::size_t n = 0; n < kMostCalls; ++n) {
        const RemoteAddr callee = called_by(coverage, top, copy);
        if (callee.is_null()) break;
        top = callee;
    }
    return top;
}

}  // namespace lampyr::cpython
