// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/chain_walk.hpp"
#include "cpython/frame_blocks.hpp"
#include "cpython/frame_coverage.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/read_plan.hpp"
#include "cpython/timed_read.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// Reads the stack of one thread state, by prediction: `plan` adds the ranges where the stack was last time to the sweep's
/// one read, `decode` takes the stack out of what came back. The order of the ranges decides the truth of a stack: the
/// innermost frames come twice, once before and once after the pointer to the innermost one, the outer ones once behind
/// (docs/accuracy.md). When the stack has left the predicted place, a call of its own reads it where it is then.
class ThreadReader {
  public:
    /// `memory`, `layout` and `known` must outlive the reader.
    ThreadReader(const process::RemoteMemory& memory, TimedRead& timed, const Layout& layout, KnownCalls& known,
                 RemoteAddr tstate, RemoteAddr interpreter);

    /// Appends this thread's ranges. What `decode` learns changes the next plan; see `plan_outdated`.
    void plan(ReadPlan& plan);
    /// Reads this word of the thread state with each stack, at the same moment; absent: none.
    void watch(Offset word) {
        watched_ = word;
        outdated_ = true;
    }
    /// Leaves the thread out of the sweep's read: it rests.
    void skip_plan() { planned_ = false; }
    [[nodiscard]] bool planned() const { return planned_; }
    [[nodiscard]] bool plan_outdated() const { return outdated_; }
    /// Where in the plan its ranges are.
    [[nodiscard]] std::size_t begin_segment() const { return begin_segment_; }
    [[nodiscard]] std::size_t end_segment() const { return end_segment_; }
    /// End of this thread's bytes in the sweep's buffer; a sweep that returned fewer did not reach this thread.
    [[nodiscard]] std::size_t end_offset() const { return end_; }

    /// Takes the stack out of the sweep's buffer. `before` is the buffer of the sweep before, if that one ran the same plan.
    const RawStack& decode(const std::byte* sweep, const std::byte* before);
    /// Reads the thread by calls of its own: first sight, or the sweep broke off before or at this thread.
    const RawStack& read_alone();

    /// Reads the thread once more only to learn which calls happen; the stack stays as it is.
    void study();
    [[nodiscard]] bool knows_what_to_study() const { return chain_.unknown_callee() != nullptr; }

    [[nodiscard]] RemoteAddr tstate() const { return tstate_; }
    [[nodiscard]] RemoteAddr interpreter() const { return interpreter_; }
    /// tstate->next as of the last read.
    [[nodiscard]] RemoteAddr next() const { return next_; }
    /// What of the thread state places it in its list, and where in it that is.
    [[nodiscard]] process::RemoteSegment links() const;
    /// Takes the bytes of `links`. False: there is no thread state of this interpreter (any more).
    bool take_links(const std::byte* links);

    /// Whether the caller knows that the thread has not run since the last sweep. Holds for the next sweep only.
    void set_still(bool still) { still_ = still; }
    [[nodiscard]] bool still() const { return still_; }
    /// After each sweep. A thread that has been still for long rests.
    void count_stillness();
    [[nodiscard]] bool rests() const;
    RawStack& stack() { return stack_; }

  private:
    struct Chunk {
        RemoteAddr address;
        std::uint64_t bytes = 0;  ///< to read from its start
    };
    struct Top {
        RemoteAddr frame;
        RemoteAddr frame_before;  ///< of a moment before, where that is another
        RemoteAddr chunk;
        RemoteAddr chunk_top;
        bool sure = true;        ///< false: the C frame that names it was not the current one all the time
        bool elsewhere = false;  ///< 3.11 and 3.12: named by a C frame that was not read
    };
    /// One read of the thread: where in the buffer what is.
    struct Sandwich {
        FrameCoverage coverage;
        std::uint32_t tstate = 0;
        std::uint32_t watched = 0;        ///< the word that is watched
        std::uint32_t pointer = 0;        ///< the pointer to the innermost frame
        std::uint32_t cframe_before = 0;  ///< the thread state's pointer to its C frame, read first (3.11 and 3.12)
        Chunk cframes;                    ///< or where the C frames are that hold it (3.11 and 3.12)
        std::size_t late_begin = 0;       ///< what was copied once, behind all else; outer frames only
        std::size_t late_end = 0;
    };
    enum class Attempt : std::uint8_t {
        kWhole,
        kPartly,     ///< some frames were not predicted and read late
        kElsewhere,  ///< the stack is not in what was read
    };

    [[nodiscard]] bool chunked() const { return layout_.current_frame != CurrentFrame::kHeapFrame; }
    bool take_thread_state(const std::byte* bytes, const Sandwich& sandwich);
    bool current_frame_of(RemoteAddr cframe, const std::byte* bytes, const Sandwich& sandwich, RemoteAddr& frame) const;
    Top find_top(const std::byte* bytes, const Sandwich& sandwich);
    [[nodiscard]] bool covers(const Top& top, const Sandwich& sandwich) const;
    bool list_chunks(const Top& top);
    [[nodiscard]] std::uint64_t outside_bytes(RemoteAddr frame) const;
    [[nodiscard]] std::uint64_t bytes_with_slots(RemoteAddr frame) const;
    void predict_cframe(RemoteAddr pointer);
    [[nodiscard]] bool is_small_stack() const;
    [[nodiscard]] Chunk window_around(RemoteAddr top) const;
    [[nodiscard]] Chunk predict_window() const;
    [[nodiscard]] bool is_whole_stack(const Chunk& window) const;
    void set_blocks();
    void plan_sandwich(ReadPlan& plan, CopySource source, Sandwich& sandwich);
    void plan_chunked(ReadPlan& plan, CopySource source, Sandwich& sandwich);
    void plan_heap(ReadPlan& plan, CopySource source, Sandwich& sandwich);
    void plan_thread_state(ReadPlan& plan, Sandwich& sandwich) const;
    void plan_first(ReadPlan& plan, const FrameBlocks& blocks);
    static void plan_blocks(ReadPlan& plan, const FrameBlocks& blocks, bool needed,
                            std::vector<std::uint32_t>& offsets);
    void plan_second(ReadPlan& plan, CopySource source, const FrameBlocks& blocks, FrameCoverage& coverage);
    void plan_chunks(ReadPlan& plan, CopySource source, FrameCoverage& coverage) const;
    bool read_plan();
    bool read_second();
    void study_call(const RawFrame* callee);
    [[nodiscard]] bool look_is_new();
    void plan_pulse(ReadPlan& plan) const;
    Attempt walk_from(const Top& top, Sandwich& sandwich, const LateBytes& late);
    const RawStack& read_again();
    void learn(RemoteAddr top, const Sandwich& sandwich);
    void remember_missed(const std::vector<RemoteAddr>& met);
    [[nodiscard]] bool last_look() const;
    void note_met();
    void forget_unmet();
    const RawStack& fail(StackStatus status);

    const process::RemoteMemory& memory_;
    TimedRead& timed_;
    const Layout& layout_;
    KnownCalls& known_calls_;
    RemoteAddr tstate_;
    RemoteAddr interpreter_;
    RemoteAddr next_;
    Offset watched_ = kAbsent;

    // Prediction: where the stack was.
    Chunk cframes_;      // 3.11 and 3.12: where C frames name the innermost frame,
    Chunk cframes_met_;  // and where they did by the looks that are counted
    RemoteAddr top_;
    RemoteAddr stack_end_;  // of the used data stack
    RemoteAddr window_center_;
    std::vector<Chunk> chunks_;           // newest first
    std::vector<RemoteAddr> outside_;     // frames outside the chunks; before 3.11 the whole chain, innermost first
    std::vector<RemoteAddr> remembered_;  // others met lately
    std::vector<RemoteAddr> met_;         // those of both that were met by the looks counted
    std::uint32_t looks_ = 0;
    FrameBlocks early_;       // where they lie: those that are read twice,
    FrameBlocks late_outer_;  // those far from the innermost frame,
    FrameBlocks late_joint_;  // and those between
    std::vector<RemoteAddr> sorted_;
    std::vector<std::uint32_t> first_offsets_;
    std::vector<std::uint32_t> second_offsets_;

    // This sweep's plan.
    std::size_t begin_segment_ = 0;
    std::size_t end_segment_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    Sandwich sweep_;
    bool outdated_ = true;
    bool reusable_ = false;
    bool planned_ = false;
    bool still_ = false;
    std::uint32_t still_sweeps_ = 0;

    // A call of its own.
    Sandwich second_;
    ReadPlan second_plan_;
    std::vector<std::byte> second_bytes_;
    std::vector<std::byte> last_look_;

    ChainWalk chain_;
    RawStack stack_;
};

}  // namespace lampyr::cpython
