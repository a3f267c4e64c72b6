// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "cpython/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lampyr::cpython {

template <typename T>
[[nodiscard]] inline T load(const std::byte* base, Offset offset) {
    T value;
    std::memcpy(&value, base + offset.value(), sizeof value);
    return value;
}
[[nodiscard]] inline RemoteAddr load_pointer(const std::byte* base, Offset offset) {
    return RemoteAddr(load<std::uint64_t>(base, offset));
}

/// Before 3.11 so much of a frame's slots is read and compared, the first of which belongs to every frame object.
inline constexpr std::uint64_t kHeapSlotBytes = 96;

/// What a frame says about itself: is it in the middle of a call, or running its own bytecode?
enum class Activity : std::uint8_t {
    kUnknown,    ///< this version's frames do not say, or it cannot be told from here
    kExecuting,  ///< the frame runs bytecode itself, so it is not waiting for a callee entered without C
    kCalling,    ///< its value stack is saved: it waits for something it called
    kDead,       ///< the frame has returned or was never started
};

/// The fields of one frame, heap frame (≤ 3.10) or interpreter frame (3.11+), taken out of its bytes.
struct FrameFields {
    RemoteAddr previous;
    RemoteAddr code;                ///< tag bits removed
    std::uint64_t instruction = 0;  ///< address (3.11+), else f_lasti sign-extended
    std::uint32_t tlbc_index = 0;
    Activity activity = Activity::kUnknown;
    bool shim = false;   ///< an entry marker of the eval loop, not Python code
    bool entry = false;  ///< 3.11: entered from C, so its caller is a C function
    bool generator = false;
};

/// f_state of 3.10 (Include/cpython/frameobject.h): FRAME_EXECUTING = 0; f_executing of 3.6–3.9 is 1 while running.
inline Activity heap_frame_activity(const Layout& layout, const std::byte* bytes) {
    if (!layout.frame.state.present()) return Activity::kUnknown;
    const auto state = load<std::int8_t>(bytes, layout.frame.state);
    const bool running = layout.instruction_pointer == InstructionPointer::kUnitIndex ? state == 0 : state == 1;
    return running ? Activity::kUnknown : Activity::kDead;
}

/// `stacktop` is -1 and `stackpointer` null exactly while the frame's value stack lives in the eval loop's registers
/// (_PyFrame_GetStackPointer / _PyFrame_SetStackPointer, Include/internal/pycore_frame.h).
inline Activity interpreter_frame_activity(const Layout& layout, const std::byte* bytes) {
    if (layout.frame.stacktop.present())
        return load<std::int32_t>(bytes, layout.frame.stacktop) < 0 ? Activity::kExecuting : Activity::kCalling;
    if (layout.frame.stackpointer.present())
        return load<std::uint64_t>(bytes, layout.frame.stackpointer) == 0 ? Activity::kExecuting : Activity::kCalling;
    return Activity::kUnknown;
}

/// A frame that was just pushed has its value stack saved as well, but its instruction still before or at the first one
/// (_PyFrame_Initialize): it cannot have called anything yet.
inline bool not_started(const Layout& layout, const FrameFields& f) {
    const std::uint64_t start = f.code.value + layout.code.code_adaptive.value();
    return f.instruction - (start - 2) <= 2;
}

/// `bytes` holds layout.frame.size bytes.
inline FrameFields decode_frame(const Layout& layout, const std::byte* bytes) {
    FrameFields f;
    f.previous = load_pointer(bytes, layout.frame.previous);
    f.code = RemoteAddr(load<std::uint64_t>(bytes, layout.frame.code) & ~layout.code_tag_mask);
    if (layout.current_frame == CurrentFrame::kHeapFrame) {
        f.instruction = static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(bytes, layout.frame.instruction)});
        f.activity = heap_frame_activity(layout, bytes);
        f.generator = layout.frame.generator.present() && load<std::uint64_t>(bytes, layout.frame.generator) != 0;
        f.entry = true;  // every Python frame has its own C frame
        return f;
    }
    f.instruction = load<std::uint64_t>(bytes, layout.frame.instruction);
    // A returned frame's code reference is cleared since 3.14 (clear_thread_frame, Python/ceval.c).
    f.activity = f.code.is_null() ? Activity::kDead : interpreter_frame_activity(layout, bytes);
    const auto owner = load<std::uint8_t>(bytes, layout.frame.owner);
    f.shim = layout.shim_rule == ShimRule::kOwnerFrom3 && owner >= 3;
    if (f.shim)
        f.activity = Activity::kUnknown;
    else if (f.activity == Activity::kCalling && not_started(layout, f))
        f.activity = Activity::kExecuting;
    f.generator = owner == 1;
    if (layout.frame.is_entry.present()) f.entry = load<std::uint8_t>(bytes, layout.frame.is_entry) != 0;
    if (layout.frame.tlbc_index.present()) f.tlbc_index = load<std::uint32_t>(bytes, layout.frame.tlbc_index);
    return f;
}

}  // namespace lampyr::cpython
