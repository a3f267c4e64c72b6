// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/stack_reader.hpp"
#include "support/fake_objects.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lampyr::test {

/// A frame to make; placed in memory when its thread is.
struct FakeFrame {
    RemoteAddr code{};
    std::uint32_t offset = 0;  ///< byte offset of its instruction
    bool generator = false;    ///< lives in a generator object instead of the thread's data stack (3.11+)
    bool entry = false;  ///< entered from C: has an eval loop, and so a shim, of its own (the outermost always has)
    std::uint32_t tlbc_index = 0;  ///< free-threaded 3.14+; needs `add_tlbc` first
};

struct FakeThread {
    std::vector<FakeFrame> frames{};  ///< outermost first
    std::uint64_t os_tid = 1;
    std::uint64_t ident = 0x7000'0000'1000;
    bool in_c = false;                  ///< the innermost frame waits inside a C function
    std::uint64_t chunk_bytes = 16384;  ///< size of the data stack's chunks (3.11+)
};

struct FakeInterpreter {
    std::vector<RemoteAddr> threads{};  ///< in order of creation; the interpreter's list has the newest first
    std::uint64_t id = 0;
    RemoteAddr gil_holder{};  ///< one of `threads`; null: nobody holds it
    bool collecting = false;
    RemoteAddr modules{};        ///< sys.modules
    bool free_threading = true;  ///< free-threaded builds: the GIL is off
};

/// Writes a whole runtime of any layout: thread states, frames with what their version has around them (data-stack chunks,
/// cframe, entry shims, base frame, saved stack pointers), interpreters and the runtime's list.
///
///     FakePython py(layout);
///     const auto code = py.code({.name = "f", .first_line = 3});
///     const auto thread = py.thread({.frames = {py.frame({.code = code, .offset = 12})}, .os_tid = 7});
///     const auto anchor = py.runtime({py.interpreter({.threads = {thread}})});
class FakePython : public FakeObjects {
  public:
    explicit FakePython(const cpython::Layout& layout) : FakeObjects(layout) {}

    [[nodiscard]] FakeFrame frame(const FakeFrame& frame) const { return frame; }
    RemoteAddr thread(const FakeThread& thread);
    RemoteAddr interpreter(const FakeInterpreter& interpreter);
    RemoteAddr interpreter(const std::vector<RemoteAddr>& threads) {
        return interpreter(FakeInterpreter{.threads = threads});
    }
    /// `interpreters` in order of creation. The layout's runtime from 3.7 on, the two variables before.
    cpython::RuntimeAnchor runtime(const std::vector<RemoteAddr>& interpreters);

    /// Where a thread's Python frames are, outermost first; shims are not among them.
    [[nodiscard]] const std::vector<RemoteAddr>& frames_of(RemoteAddr thread) const { return frames_.at(thread.value); }
    /// Data-stack chunks of a thread, oldest first.
    [[nodiscard]] const std::vector<RemoteAddr>& chunks_of(RemoteAddr thread) const { return chunks_.at(thread.value); }
    /// The value a frame at `offset` has in its instruction field.
    [[nodiscard]] std::uint64_t instruction(const FakeFrame& frame) const;
    /// Moves a placed frame to another instruction of its code.
    void set_offset(RemoteAddr frame_address, const FakeFrame& frame);
    /// Makes only the pointer to the innermost frame point elsewhere.
    void point_to(RemoteAddr thread, RemoteAddr frame_address);
    /// Makes a placed frame (or null) the thread's innermost one. All frames call each other without C between them.
    void set_current(RemoteAddr thread, RemoteAddr frame_address);

  private:
    struct DataStack {
        std::vector<RemoteAddr> chunks;
        std::uint64_t capacity = 0;
        std::uint64_t used = 0;  // bytes of the newest chunk
    };
    RemoteAddr place_on_stack(DataStack& stack, std::uint64_t size, std::uint64_t chunk_bytes);
    RemoteAddr heap_frame(const FakeFrame& frame, RemoteAddr back, bool alive);
    RemoteAddr interpreter_frame(const FakeFrame& frame, RemoteAddr address, RemoteAddr previous, bool saved);
    RemoteAddr shim(RemoteAddr previous);
    RemoteAddr base_frame();
    RemoteAddr place_frames(const FakeThread& thread, RemoteAddr tstate, RemoteAddr root, DataStack& stack);
    [[nodiscard]] std::size_t region_size(std::initializer_list<cpython::Offset> fields) const;
    [[nodiscard]] std::uint64_t tag(RemoteAddr object) const;
    [[nodiscard]] bool has_shims() const { return layout().shim_rule == cpython::ShimRule::kOwnerFrom3; }

    std::map<std::uint64_t, std::vector<RemoteAddr>> frames_;
    std::map<std::uint64_t, std::vector<RemoteAddr>> chunks_;
    RemoteAddr shim_code_;
    RemoteAddr none_;
    std::vector<RemoteAddr> gil_holders_;  // parallel to the interpreters made
};

}  // namespace lampyr::test
