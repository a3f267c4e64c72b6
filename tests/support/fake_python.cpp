// SPDX-License-Identifier: MIT
#include "support/fake_python.hpp"

#include <algorithm>
#include <stdexcept>

namespace lampyr::test {

using cpython::CurrentFrame;
using cpython::GilRule;
using cpython::InstructionPointer;
using cpython::Layout;
using cpython::Offset;

namespace {

// _PyStackChunk {previous, size, top, data[]}, Include/cpython/pystate.h
constexpr std::uint64_t kChunkSize = 8;
constexpr std::uint64_t kChunkTop = 16;
constexpr std::uint64_t kChunkData = 24;
// Owners, Include/internal/pycore_frame.h
constexpr std::uint8_t kOwnedByThread = 0;
constexpr std::uint8_t kOwnedByGenerator = 1;
constexpr std::uint8_t kOwnedByLoop = 3;
// _status of a thread that runs: initialized, bound, bound_gilstate, active
constexpr std::uint32_t kStatusActive = 0x1B;
constexpr std::uint32_t kStatusIdle = 0x0B;
constexpr std::uint32_t kAttached = 1;

}  // namespace

std::uint64_t FakePython::instruction(const FakeFrame& frame) const {
    const Layout& l = layout();
    switch (l.instruction_pointer) {
        case InstructionPointer::kByteIndex: return frame.offset;
        case InstructionPointer::kUnitIndex: return frame.offset / 2;
        case InstructionPointer::kAddress: break;
    }
    if (frame.tlbc_index == 0) return frame.code.value + l.code.code_adaptive.value() + frame.offset;
    const auto array = memory().get<std::uint64_t>(frame.code + l.code.tlbc.value());
    return memory().get<std::uint64_t>(RemoteAddr(array) + 8 + std::uint64_t{frame.tlbc_index} * 8) + frame.offset;
}

std::uint64_t FakePython::tag(RemoteAddr object) const {
    // _PyStackRef: what is referenced without a count has the low bit set (3.14+)
    return layout().code_tag_mask != 0 ? object.value | 1 : object.value;
}

void FakePython::set_offset(RemoteAddr address, const FakeFrame& frame) {
    const Layout& l = layout();
    if (l.instruction_pointer == InstructionPointer::kAddress)
        put(address, l.frame.instruction, instruction(frame));
    else
        put(address, l.frame.instruction, static_cast<std::int32_t>(instruction(frame)));
}

RemoteAddr FakePython::heap_frame(const FakeFrame& frame, RemoteAddr back, bool alive) {
    const auto& f = layout().frame;
    const RemoteAddr address = allocate(f.localsplus.value() + 96);
    put(address, layout().object.type, type("frame"));
    put(address, f.previous, back);
    put(address, f.code, frame.code);
    set_offset(address, frame);
    const bool state310 = layout().instruction_pointer == InstructionPointer::kUnitIndex;
    put(address, f.state, static_cast<std::int8_t>(state310 ? (alive ? 0 : 2) : (alive ? 1 : 0)));
    return address;
}

/// `saved`: its value stack is stored, as it is while a Python function it called inline runs.
RemoteAddr FakePython::interpreter_frame(const FakeFrame& frame, RemoteAddr address, RemoteAddr previous, bool saved) {
    const auto& f = layout().frame;
    const std::uint32_t locals = code_of(frame.code).locals;
    put(address, f.code, has_shims() ? tag(frame.code) : frame.code.value);
    put(address, f.previous, previous);
    put(address, f.instruction, instruction(frame));
    put(address, f.owner, frame.generator ? kOwnedByGenerator : kOwnedByThread);
    put(address, f.is_entry, static_cast<std::uint8_t>(frame.entry));
    put(address, f.stacktop, saved ? static_cast<std::int32_t>(locals + 1) : -1);
    put(address, f.stackpointer, saved ? address.value + f.localsplus.value() + (locals + 1) * 8 : std::uint64_t{0});
    put(address, f.tlbc_index, frame.tlbc_index);
    return address;
}

/// The mark of an eval loop: on the C stack, outside the chunks. Its code is a real code object in 3.12, None since.
RemoteAddr FakePython::shim(RemoteAddr previous) {
    const auto& f = layout().frame;
    const RemoteAddr address = allocate(f.localsplus.value() + 16);
    put(address, f.previous, previous);
    put(address, f.owner, kOwnedByLoop);
    if (layout().current_frame == CurrentFrame::kCFrame) {
        if (shim_code_.is_null()) shim_code_ = code({.name = "<shim>", .file = "<shim>", .first_traceable = 4});
        put(address, f.code, shim_code_);
        put(address, f.instruction, shim_code_ + layout().code.code_adaptive.value());
    } else {
        if (none_.is_null()) none_ = allocate(16);
        put(address, f.code, tag(none_));
        put(address, f.instruction, none_);
    }
    put(address, f.stacktop, std::int32_t{0});
    put(address, f.stackpointer, address + f.localsplus.value());
    return address;
}

RemoteAddr FakePython::place_on_stack(DataStack& stack, std::uint64_t size, std::uint64_t chunk_bytes) {
    if (stack.chunks.empty() || stack.used + size > stack.capacity) {
        if (!stack.chunks.empty())
            memory().put(stack.chunks.back() + kChunkTop, (stack.used - kChunkData) / 8);  // in words, set when left
        stack.capacity = chunk_bytes;
        while (stack.capacity < kChunkData + 8 + size) stack.capacity *= 2;
        const RemoteAddr chunk = allocate(stack.capacity);
        if (!stack.chunks.empty()) memory().put(chunk, stack.chunks.back());
        memory().put(chunk + kChunkSize, stack.capacity);
        // The first word of the first chunk stays free, so that `top` of an older chunk is never 0 (Python/pystate.c).
        stack.used = kChunkData + (stack.chunks.empty() ? 8 : 0);
        stack.chunks.push_back(chunk);
    }
    const RemoteAddr address = stack.chunks.back() + stack.used;
    stack.used += size;
    return address;
}

RemoteAddr FakePython::base_frame() {
    const RemoteAddr address = shim(RemoteAddr());
    put(address, layout().frame.stackpointer, std::uint64_t{0});
    return address;
}

/// Returns the innermost frame. `root`: what the outermost shim's `previous` is.
RemoteAddr FakePython::place_frames(const FakeThread& thread, RemoteAddr tstate, RemoteAddr root, DataStack& stack) {
    const Layout& l = layout();
    const bool saves_before_c = l.frame.stackpointer.present();  // 3.14+: saved around every escaping call
    RemoteAddr below = root;
    auto& placed = frames_[tstate.value];
    for (std::size_t i = 0; i < thread.frames.size(); ++i) {
        FakeFrame frame = thread.frames[i];
        frame.entry = frame.entry || i == 0;
        const bool innermost = i + 1 == thread.frames.size();
        if (l.current_frame == CurrentFrame::kHeapFrame) {
            below = heap_frame(frame, below, true);
            placed.push_back(below);
            continue;
        }
        if (frame.entry && has_shims()) below = shim(below);
        const bool calls_python = !innermost && !thread.frames[i + 1].entry;
        const bool calls_c = innermost ? thread.in_c : !calls_python;
        const bool saved = calls_python || (calls_c && saves_before_c);
        const std::uint64_t size = frame_bytes(frame.code);
        const RemoteAddr address = frame.generator ? allocate(size) : place_on_stack(stack, size, thread.chunk_bytes);
        below = interpreter_frame(frame, address, below, saved);
        placed.push_back(below);
    }
    return below;
}

std::size_t FakePython::region_size(std::initializer_list<Offset> fields) const {
    std::size_t size = 0;
    for (const Offset offset : fields)
        if (offset.present()) size = std::max<std::size_t>(size, offset.value() + 8);
    return size;
}

RemoteAddr FakePython::thread(const FakeThread& request) {
    const Layout& l = layout();
    const auto& t = l.thread;
    const RemoteAddr tstate = allocate(t.size);
    frames_[tstate.value];
    put(tstate, t.thread_id, request.ident);
    put(tstate, t.native_thread_id, request.os_tid);
    put(tstate, t.status, kStatusIdle);
    const RemoteAddr root = t.base_frame.present() ? base_frame() : RemoteAddr();
    put(tstate, t.base_frame, root);

    DataStack stack;
    const RemoteAddr innermost = place_frames(request, tstate, root, stack);
    chunks_[tstate.value] = stack.chunks;
    if (!stack.chunks.empty()) {
        put(tstate, t.datastack_chunk, stack.chunks.back());
        put(tstate, t.datastack_top, stack.chunks.back() + stack.used);
    }
    if (l.current_frame == CurrentFrame::kCFrame)
        put(tstate, t.frame, allocate(l.frame.current_in_cframe.value() + 16));
    point_to(tstate, innermost);
    return tstate;
}

void FakePython::point_to(RemoteAddr tstate, RemoteAddr frame_address) {
    const Layout& l = layout();
    if (l.current_frame != CurrentFrame::kCFrame) {
        put(tstate, l.thread.frame, frame_address);
        return;
    }
    const RemoteAddr cframe(memory().get<std::uint64_t>(tstate + l.thread.frame.value()));
    put(cframe, l.frame.current_in_cframe, frame_address);
}

void FakePython::set_current(RemoteAddr tstate, RemoteAddr frame_address) {
    const auto& f = layout().frame;
    const auto& placed = frames_.at(tstate.value);
    const auto current = std::find(placed.begin(), placed.end(), frame_address);
    for (auto frame = placed.begin(); frame != placed.end(); ++frame) {
        const bool waits = frame < current;
        put(*frame, f.stacktop, waits ? std::int32_t{1} : std::int32_t{-1});
        put(*frame, f.stackpointer, waits ? frame->value + f.localsplus.value() : std::uint64_t{0});
    }
    point_to(tstate, frame_address);
}

RemoteAddr FakePython::interpreter(const FakeInterpreter& request) {
    const Layout& l = layout();
    const auto& i = l.interpreter;
    const RemoteAddr address = allocate(region_size({i.next, i.threads_head, i.id, i.modules, i.ceval_gil,
                                                     i.gc_collecting, i.code_object_generation, i.tlbc_generation}));
    put(address, i.id, request.id);
    put(address, i.modules, request.modules);
    put(address, i.gc_collecting, static_cast<std::uint32_t>(request.collecting));
    RemoteAddr newest;
    for (const RemoteAddr tstate : request.threads) {
        put(tstate, l.thread.next, newest);
        put(tstate, l.thread.interp, address);
        newest = tstate;
    }
    put(address, i.threads_head, newest);
    gil_holders_.push_back(request.gil_holder);
    if (!request.gil_holder.is_null()) {
        put(request.gil_holder, l.thread.status, kStatusActive);
        put(request.gil_holder, l.thread.state, kAttached);
    }
    if (l.gil_rule == GilRule::kInterpreterGil) {
        const RemoteAddr gil = allocate(region_size({l.gil.locked, l.gil.last_holder, l.gil.enabled}));
        put(gil, l.gil.locked, static_cast<std::uint32_t>(!request.gil_holder.is_null()));
        put(gil, l.gil.last_holder, request.gil_holder);
        put(gil, l.gil.enabled, static_cast<std::uint32_t>(!request.free_threading));
        put(address, i.ceval_gil, gil);
    }
    return address;
}

cpython::RuntimeAnchor FakePython::runtime(const std::vector<RemoteAddr>& interpreters) {
    const Layout& l = layout();
    RemoteAddr newest;
    for (const RemoteAddr interpreter : interpreters) {
        put(interpreter, l.interpreter.next, newest);
        newest = interpreter;
    }
    const auto held = std::find_if(gil_holders_.begin(), gil_holders_.end(), [](RemoteAddr a) { return !a.is_null(); });
    const RemoteAddr holder = held == gil_holders_.end() ? RemoteAddr() : *held;
    cpython::RuntimeAnchor anchor;
    if (!l.runtime.interpreters_head.present()) {
        anchor.runtime = allocate(8);  // the static variable interp_head
        memory().put(anchor.runtime, newest);
        anchor.current_thread = allocate(8);
        memory().put(anchor.current_thread, holder);
        return anchor;
    }
    anchor.runtime = allocate(region_size(
        {l.runtime.interpreters_head, l.runtime.finalizing, l.runtime.tstate_current, l.runtime.gc_collecting}));
    put(anchor.runtime, l.runtime.interpreters_head, newest);
    put(anchor.runtime, l.runtime.tstate_current, holder);
    return anchor;
}

}  // namespace lampyr::test
