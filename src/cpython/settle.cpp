// SPDX-License-Identifier: MIT
#include "cpython/settle.hpp"

#include "cpython/raw_stack.hpp"

#include <algorithm>
#include <cstddef>

namespace lampyr::cpython {

namespace {

/// The innermost frame is looked for this many frames away from where the pointer had it,
constexpr std::size_t kMostFrames = 8;
/// and a callee's frame this far behind the start of its caller's.
constexpr std::uint64_t kMostBytes = 512;
constexpr std::uint64_t kWord = 8;

bool fields_at(const Layout& layout, FrameCoverage& coverage, RemoteAddr frame, Copy copy, FrameFields& fields) {
    if (!frame.is_plausible() || !frame.is_aligned()) return false;
    const FrameCopies copies = coverage.find(frame, layout.frame.size);
    if (copies.first == nullptr) return false;
    fields = decode_frame(layout, bytes_of(copies, copy));
    return true;
}

RawFrame raw(RemoteAddr address, const FrameFields& f) {
    return {address, f.code, f.instruction, f.tlbc_index, f.generator, false};
}

RemoteAddr settle_outwards(const Layout& layout, FrameCoverage& coverage, RemoteAddr top, Copy copy) {
    RemoteAddr innermost = top;
    RemoteAddr address = top;
    FrameFields f;
    bool direct_callee = false;  // the frame above was entered by this one without C between them
    for (std::size_t n = 0; n < kMostFrames && fields_at(layout, coverage, address, copy, f); ++n) {
        if (direct_callee && f.activity == Activity::kExecuting) innermost = address;
        if (f.activity == Activity::kDead && innermost == address) innermost = f.previous;
        direct_callee = !f.shim && !f.entry;
        address = f.previous;
    }
    return fields_at(layout, coverage, innermost, copy, f) && !f.shim ? innermost : top;
}

/// The frame behind `caller` in the same copy that names it as its caller; null: there is none.
RemoteAddr frame_called_by(const Layout& layout, const FrameCopies& copies, RemoteAddr caller, Copy copy) {
    const std::byte* bytes = bytes_of(copies, copy);
    const std::uint64_t end = std::min(kMostBytes, copies.size - layout.frame.size);
    for (std::uint64_t skip = layout.frame.size; skip <= end; skip += kWord)
        if (load_pointer(bytes + skip, layout.frame.previous) == caller) return caller + skip;
    return {};
}

}  // namespace

RemoteAddr settle_inwards(const Layout& layout, const KnownCalls& known, FrameCoverage& coverage, RemoteAddr top,
                          Copy copy) {
    for (std::size_t n = 0; n < kMostFrames; ++n) {
        FrameFields caller;
        if (!coverage.in_range(top) || !fields_at(layout, coverage, top, copy, caller)) break;
        if (caller.activity != Activity::kCalling) break;
        const RemoteAddr next = frame_called_by(layout, coverage.find(top, layout.frame.size), top, copy);
        FrameFields callee;
        if (next.is_null() || !fields_at(layout, coverage, next, copy, callee)) break;
        // One that runs its own bytecode has not returned; else it may be the rest of an older call.
        const bool is_called =
            callee.activity == Activity::kExecuting || known.knows(raw(top, caller), raw(next, callee));
        if (callee.shim || callee.code.is_null() || !is_called) break;
        top = next;
    }
    return top;
}

RemoteAddr settle(const Layout& layout, const KnownCalls& known, FrameCoverage& coverage, RemoteAddr top, Copy copy) {
    if (layout.current_frame == CurrentFrame::kHeapFrame) return top;
    return settle_inwards(layout, known, coverage, settle_outwards(layout, coverage, top, copy), copy);
}

}  // namespace lampyr::cpython
