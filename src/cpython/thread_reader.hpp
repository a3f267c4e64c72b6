// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/frame_fields.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/read_plan.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// Reads the stack of one thread state, by prediction: `plan` adds the ranges where the stack was last time to the sweep's
/// one read, `decode` takes the stack out of what came back. The order of the ranges decides the truth of the names:
/// nothing lies between the thread state and the window around the innermost frame, and every frame comes twice, so that
/// frames which changed in between are seen (docs/accuracy.md). When the stack has left the predicted place, a second call
/// reads it where it is now; the innermost frame stays the one of the sweep.
class ThreadReader {
  public:
    ThreadReader(const Layout& layout, RemoteAddr tstate, RemoteAddr interpreter);

    /// Appends this thread's ranges. What `decode` learns changes the next plan; see `plan_outdated`.
    void plan(ReadPlan& plan);
    [[nodiscard]] bool plan_outdated() const { return outdated_; }
    [[nodiscard]] std::size_t first_segment() const { return first_segment_; }
    /// End of this thread's bytes in the sweep's buffer; a sweep that returned fewer did not reach this thread.
    [[nodiscard]] std::size_t end_offset() const { return end_; }

    /// Takes the stack out of the sweep's buffer. `before` is the buffer of the sweep before, if that one ran the same plan.
    const RawStack& decode(const process::RemoteMemory& memory, const std::byte* sweep, const std::byte* before);
    /// Reads the thread by calls of its own: first sight, or the sweep broke off before or at this thread.
    const RawStack& read_alone(const process::RemoteMemory& memory);

    [[nodiscard]] RemoteAddr tstate() const { return tstate_; }
    [[nodiscard]] RemoteAddr interpreter() const { return interpreter_; }
    /// tstate->next as of the last read.
    [[nodiscard]] RemoteAddr next() const { return next_; }
    RawStack& stack() { return stack_; }

  private:
    struct Chunk {
        RemoteAddr address;
        std::uint64_t bytes = 0;  ///< to read from its start
    };
    struct Top {
        RemoteAddr frame;
        RemoteAddr chunk;
        RemoteAddr chunk_top;
    };

    [[nodiscard]] bool chunked() const { return layout_.current_frame != CurrentFrame::kHeapFrame; }
    bool take_thread_state(const std::byte* tstate);
    bool find_top(const process::RemoteMemory& memory, const std::byte* tstate, const std::byte* cframe, Top& top);
    [[nodiscard]] bool covers(const Top& top) const;
    bool list_chunks(const process::RemoteMemory& memory, const Top& top);
    bool read_where_it_is(const process::RemoteMemory& memory, const Top& top);
    void plan_ranges(ReadPlan& plan, RemoteAddr top, CopySource source);
    void plan_frames_first(ReadPlan& plan);
    void plan_frames_second(ReadPlan& plan, CopySource source);

    void walk(const process::RemoteMemory& memory, RemoteAddr top);
    [[nodiscard]] std::uint64_t doubt(const FrameFields& a, const FrameFields& b, bool direct_callee) const;
    [[nodiscard]] bool ends_at_root(RemoteAddr outermost, bool generator, bool shim_last);
    FrameCopies fetch(const process::RemoteMemory& memory, RemoteAddr frame);
    void keep_frame(RemoteAddr address, const FrameFields& fields);
    void finish_elision();
    void salvage();
    void learn(RemoteAddr top);
    const RawStack& fail(StackStatus status);

    const Layout& layout_;
    RemoteAddr tstate_;
    RemoteAddr interpreter_;
    RemoteAddr next_;

    // Prediction: where the stack was.
    RemoteAddr cframe_;
    RemoteAddr top_;
    RemoteAddr window_center_;
    std::vector<Chunk> chunks_;            // newest first
    std::vector<RemoteAddr> outside_;      // frames outside the chunks; before 3.11 the whole chain, innermost first
    std::vector<RemoteAddr> outside_now_;  // those met in this walk
    std::vector<std::uint32_t> first_offsets_;

    // This sweep's plan.
    std::size_t first_segment_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint32_t tstate_offset_ = 0;
    std::uint32_t cframe_offset_ = 0;
    FrameCoverage coverage_;
    bool outdated_ = true;
    bool reusable_ = false;

    // Second call and single fetches.
    ReadPlan second_plan_;
    std::vector<std::byte> second_bytes_;
    std::vector<std::byte> fetched_;

    std::vector<RawFrame> frames_;
    std::vector<RawFrame> last_proven_;
    std::uint64_t walked_ = 0;
    RemoteAddr root_;       // outermost frame of the thread's proven stacks (before 3.12)
    RemoteAddr next_root_;  // the one found last, if it was another
    RawStack stack_;
};

}  // namespace lampyr::cpython
