// SPDX-License-Identifier: MIT
#include "cpython/collection.hpp"

#include <algorithm>

namespace lampyr::cpython {

bool tells_collections(const Layout& layout) {
    return layout.interpreter.gc_collecting.present() || layout.runtime.gc_collecting.present();
}

std::optional<Collection> running_collection(const process::RemoteMemory& memory, const Layout& layout,
                                             RemoteAddr runtime, RemoteAddr interpreter) {
    if (!tells_collections(layout)) return std::nullopt;
    const bool own = layout.interpreter.gc_collecting.present();
    const auto collecting = memory.read_value<std::int32_t>(own ? interpreter + layout.interpreter.gc_collecting.value()
                                                                : runtime + layout.runtime.gc_collecting.value());
    if (!collecting || *collecting != 1) return std::nullopt;
    Collection found;
    if (layout.interpreter.gc_frame.present())
        found.frame = memory.read_pointer(interpreter + layout.interpreter.gc_frame.value()).value_or(RemoteAddr());
    return found;
}

Collector may_collect(const process::RemoteMemory& memory, const Layout& layout, const RawStack& stack,
                      const Collection& collection) {
    const auto& frames = stack.frames;
    if (!collection.frame.is_null()) {
        const bool in_it = std::any_of(frames.begin(), frames.end(),
                                       [&](const RawFrame& one) { return one.frame == collection.frame; });
        return in_it ? Collector::kYes : Collector::kNo;
    }
    const bool runs = layout.version.free_threaded ? attachment(memory, layout, stack.tstate) == Attachment::kAttached
                                                   : stack.holds_gil;
    if (runs) return Collector::kPerhaps;
    if (layout.current_frame == CurrentFrame::kHeapFrame)
        return frames.size() > 1 ? Collector::kPerhaps : Collector::kNo;
    // The outermost frame is called by C anyway, that of a thread by C of its own.
    const bool by_c = !frames.empty() &&
                      std::any_of(frames.begin(), frames.end() - 1, [](const RawFrame& one) { return one.through_c; });
    return by_c ? Collector::kPerhaps : Collector::kNo;
}

/// _Py_THREAD_* in Include/internal/pycore_pystate.h.
Attachment attachment(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr thread_state) {
    if (!layout.thread.state.present()) return Attachment::kUnknown;
    const auto state = memory.read_value<std::int32_t>(thread_state + layout.thread.state.value());
    if (!state) return Attachment::kUnknown;
    switch (*state) {
        case 0: return Attachment::kDetached;
        case 1: return Attachment::kAttached;
        case 2: return Attachment::kSuspended;
        default: return Attachment::kUnknown;
    }
}

}  // namespace lampyr::cpython
