// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/frame_fields.hpp"
#include "cpython/frame_list.hpp"
#include "cpython/known_calls.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/resumed_frames.hpp"
#include "cpython/settle.hpp"
#include "process/remote_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// The late part of a thread's bytes beside the same part of the sweep before: where it stands as it stood, so does the chain
/// in it, and need not be followed again.
struct LateBytes {
    const std::byte* now = nullptr;     ///< null: nothing to compare with
    const std::byte* before = nullptr;  ///< of the sweep before, as long
    const std::byte* end = nullptr;     ///< of `now`
    bool of_sweep = false;              ///< the next sweep may be compared with this one
};

/// The innermost frame, as the pointer to it had it at the time of the first copy and of the second.
struct NamedTop {
    RemoteAddr before;
    RemoteAddr after;
    bool sure = true;  ///< false: what named it changed meanwhile (3.11 and 3.12)
};

/// Follows one thread's frames from the innermost outwards and judges them. The innermost ones come in two copies, made
/// before and after the pointer to the innermost frame; what stands equal in both stood so when the pointer was read. Outer
/// ones were copied once behind that, and stood so, too, if the frame that joins them to the inner ones did not change until
/// then. The stack is the one that the first copy shows, if that can be claimed, else the second's.
class ChainWalk {
  public:
    ChainWalk(const Layout& layout, KnownCalls& known) : layout_(layout), known_(known), resumed_(layout) {}

    /// Walks from `top`. Frames that `coverage` does not hold are read now; they cannot be proven. `late`: of the sweep's own
    /// read.
    void walk(FrameCoverage& coverage, const process::RemoteMemory& memory, const NamedTop& top, const LateBytes& late);
    /// Walks only to learn which calls happen. The result of the last walk stays.
    void study(FrameCoverage& coverage, const NamedTop& top);
    /// Learns one call, if it happens: the callee was copied between two copies of its caller. Before 3.11.
    void study_call(const RawFrame& caller, const FrameCopies& caller_bytes, const RawFrame& callee,
                    const std::byte* callee_bytes);
    /// Takes note of a call that the interpreter itself tells.
    void know_call(const RawFrame& caller, const RawFrame& callee) { known_.learn_for_sure(caller, callee); }
    /// The outermost frame of the last stack that is in doubt because its call is not known; its caller follows. Null: none.
    [[nodiscard]] const RawFrame* unknown_callee() const;
    /// Of the last stack, which is not empty.
    [[nodiscard]] RemoteAddr innermost() const { return stack_.frames().front().frame; }
    /// Shows the result in `stack`; valid until the next walk.
    void store(RawStack& stack) const;

    /// Every frame was covered, so what can be proven is proven.
    [[nodiscard]] bool all_covered() const { return fetched_.empty(); }
    /// Every frame is claimed, and the last is the thread's outermost.
    [[nodiscard]] bool whole() const { return result_->whole(); }
    /// Not even the innermost frame is one.
    [[nodiscard]] bool nothing_found() const { return stack_.size() == 0 && !result_->rooted; }
    /// The frames met outside of the data stack, innermost first, as far as the chain was walked;
    [[nodiscard]] std::vector<RemoteAddr>& outside() { return result_->outside; }
    /// the outermost of those walked, if the chain goes on from it as it did before.
    [[nodiscard]] RemoteAddr joined_at() const { return result_->joined != 0 ? result_->last : RemoteAddr(); }
    /// Whether inner frames and outer ones could be joined: the frame between them was copied with both.
    [[nodiscard]] bool joint_held() const { return result_->joint_held; }

  private:
    /// Frame objects are used again, so an address alone does not say that it is the same frame.
    struct Outermost {
        RemoteAddr frame;
        RemoteAddr code;
        friend bool operator==(const Outermost&, const Outermost&) = default;
    };
    /// The chain as one of the copies has it.
    struct Chain {
        std::vector<RawFrame> frames;     ///< those walked; `joined` more follow as they were
        std::vector<RemoteAddr> outside;  ///< frames that do not lie on the data stack
        std::size_t joined = 0;
        RemoteAddr last;  ///< the last one walked
        Outermost end;    ///< the outermost frame, if none follows
        std::uint64_t walked = 0;
        std::uint64_t unproven = 0;  ///< innermost frames in doubt
        std::uint64_t gone = 0;      ///< of these, those that cannot be claimed
        std::uint64_t apart =
            0;  ///< a bit for each of the innermost: a generator that ran at another moment than its caller
        std::uint64_t recalled = 0;  ///< likewise: this copy does not name its caller
        std::uint64_t elided = 0;
        bool rooted = false;
        bool joint_held = true;
        bool recognisable = false;  ///< what is in doubt waits for calls to be known, and for nothing else
        void clear();
        [[nodiscard]] bool whole() const { return rooted && unproven == 0; }
        static void note(std::uint64_t& bits, std::uint64_t frame) {
            bits |= frame < 64 ? std::uint64_t{1} << frame : 0;
        }
        static bool noted(std::uint64_t bits, std::uint64_t frame) { return frame < 64 && (bits >> frame & 1U) != 0; }
    };

    /// The outermost of the frames copied early.
    struct Joint {
        RemoteAddr frame;
        const std::byte* bytes = nullptr;
    };

    /// A frame that a walk has come to.
    struct Met {
        RemoteAddr address;
        FrameCopies copies;
        FrameFields shown;  ///< as the copy that is followed has it
        FrameFields other;  ///< as the other one has it
        ResumedFrames::Found resumed;
        bool on_data_stack = false;
        bool was_generator = false;  ///< `shown`, before anything was recalled
        [[nodiscard]] bool copied_late() const { return copies.first == copies.second; }
    };
    /// What a walk knows of the frames behind it.
    struct Walked {
        RemoteAddr last;
        Outermost outermost;
        Joint joint;
        bool direct_callee = false;  ///< the last was entered by its caller without C between them
        bool generator = false;      ///< the last is one,
        bool shim = false;           ///< is an eval loop's entry marker
        bool late_part = false;      ///< one was copied once
    };

    /// `fetch_from`: where to read frames that `coverage` does not hold; null: the chain ends there.
    void follow(FrameCoverage& coverage, const process::RemoteMemory* fetch_from, RemoteAddr top, Copy copy,
                const LateBytes& late, Chain& chain);
    bool meet(FrameCoverage& coverage, const process::RemoteMemory* fetch_from, RemoteAddr address, Copy copy,
              Met& met);
    void note_place(FrameCoverage& coverage, const Met& met, Copy copy, Walked& walked, Chain& chain) const;
    void judge(const Met& met, const Walked& walked, Chain& chain) const;
    void correct(Met& met, bool innermost) const;
    [[nodiscard]] bool is_being_built(const Met& met, bool innermost) const;
    static void take(const Met& met, Walked& walked, Chain& chain);
    void finish(Chain& chain, const Walked& walked, RemoteAddr next) const;
    [[nodiscard]] bool heap() const { return layout_.current_frame == CurrentFrame::kHeapFrame; }
    FrameCopies fetch(FrameCoverage& coverage, const process::RemoteMemory& memory, RemoteAddr frame);
    [[nodiscard]] std::uint64_t doubt(const Chain& chain, const FrameFields& a, const FrameFields& b,
                                      bool direct_callee) const;
    void check_joint(FrameCoverage& coverage, const Joint& joint, Chain& chain) const;
    [[nodiscard]] std::size_t frames_behind(RemoteAddr frame, const std::byte* bytes, const LateBytes& late) const;
    [[nodiscard]] bool stays_alive(FrameCoverage& coverage, RemoteAddr frame) const;
    void doubt_entry(Chain& chain) const;
    [[nodiscard]] bool ends_at_root(const Outermost& last, bool generator, bool shim_last) const;
    [[nodiscard]] bool silent() const;
    [[nodiscard]] RemoteAddr innermost(FrameCoverage& coverage, RemoteAddr named, Copy copy) const;
    void note_root(const Outermost& last);
    void keep_result(bool continuable);
    static void keep_frame(Chain& chain, const RawFrame& frame);
    static void finish_elision(Chain& chain);
    void remember_callers(const Chain& chain);
    void learn(const Chain& chain);
    void recognise(Chain& chain) const;
    /// The innermost frame found so far when a stack is put together from its outer end.
    struct Standing {
        RemoteAddr frame;
        bool waits = false;  ///< for something it called
        bool moved = false;  ///< to another instruction between the copies
    };
    [[nodiscard]] bool stands(FrameCoverage& coverage, RemoteAddr top, RawFrame& known, Standing& outer) const;
    void restart(FrameCoverage& coverage, RemoteAddr top);
    [[nodiscard]] bool entered_from_c(FrameCoverage& coverage, const FrameFields& f) const;
    bool restart_at(FrameCoverage& coverage, RemoteAddr alive, RemoteAddr top);

    const Layout& layout_;
    KnownCalls& known_;
    std::vector<std::byte> fetched_;
    std::array<Chain, 2> chains_;
    Chain studied_;
    Chain* result_ = &chains_[0];
    FrameList stack_;            // the result
    std::size_t unchanged_ = 0;  // outermost frames of it that the last walk left alone
    bool continuable_ = false;   // the next walk may be joined to it
    Outermost stack_end_;        // where it ends
    FrameList last_proven_;
    std::size_t proven_common_ = 0;  // outermost frames that `stack_` and `last_proven_` share
    std::vector<RawFrame> standing_;
    ResumedFrames resumed_;
    Outermost root_;       // of the thread's proven stacks (before 3.12)
    Outermost next_root_;  // the one found last
    int next_root_seen_ = 0;
};

}  // namespace lampyr::cpython
