// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/layout.hpp"

#include <algorithm>
#include <cstring>

namespace lampyr::cpython {

/// A caller's slots are left alone while it waits. A loop that came round to the same call in the meantime shows in them.
inline bool slots_changed(const Layout& layout, const FrameCopies& copies, RemoteAddr frame, RemoteAddr callee) {
    if (layout.current_frame == CurrentFrame::kHeapFrame) {
        const std::uint64_t slots = layout.frame.localsplus.value();
        const std::uint64_t end = std::min(copies.size, slots + kHeapSlotBytes);
        return end > slots && std::memcmp(copies.first + slots, copies.second + slots, end - slots) != 0;
    }
    constexpr std::uint64_t kMaxCompared = 4096;
    // On the data stack a frame ends where the one it called begins.
    if (callee <= frame) return false;
    const std::uint64_t bytes = callee - frame;
    return bytes <= copies.size && bytes <= kMaxCompared && std::memcmp(copies.first, copies.second, bytes) != 0;
}

}  // namespace lampyr::cpython
