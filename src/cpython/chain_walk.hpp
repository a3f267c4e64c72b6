// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/frame_fields.hpp"
#include "cpython/known_calls.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/settle.hpp"
#include "process/remote_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// Follows one thread's frames from the innermost outwards and judges them. Every frame comes in two copies, those of the
/// innermost ones before and after the pointer to the innermost frame; what stands equal in both stood so when the pointer
/// was read. The stack is the one that the first copy shows, if that can be claimed, else the second's.
class ChainWalk {
  public:
    ChainWalk(const Layout& layout, KnownCalls& known) : layout_(layout), known_(known) {}

    /// Walks from `top`. Frames that `coverage` does not hold are read now; they cannot be proven. `sure`: `top` was read
    /// between the copies; else nothing is proven and only known calls are claimed.
    void walk(FrameCoverage& coverage, const process::RemoteMemory& memory, RemoteAddr top, bool sure);
    /// Walks only to learn which calls happen. The result of the last walk stays.
    void study(FrameCoverage& coverage, RemoteAddr top);
    /// Shows the result in `stack`; valid until the next walk.
    void store(RawStack& stack) const;

    /// Every frame was covered, so what can be proven is proven.
    [[nodiscard]] bool all_covered() const { return fetched_.empty(); }
    /// Every frame is claimed, and the last is the thread's outermost.
    [[nodiscard]] bool whole() const { return result_->whole(); }
    /// Not even the innermost frame is one.
    [[nodiscard]] bool nothing_found() const { return result_->frames.empty() && !result_->rooted; }
    /// The frames met outside of contiguous ranges, innermost first.
    [[nodiscard]] std::vector<RemoteAddr>& outside() { return result_->outside; }

  private:
    /// Frame objects are used again, so an address alone does not say that it is the same frame.
    struct Outermost {
        RemoteAddr frame;
        RemoteAddr code;
        friend bool operator==(const Outermost&, const Outermost&) = default;
    };
    /// The chain as one of the copies has it.
    struct Chain {
        std::vector<RawFrame> frames;
        std::vector<RemoteAddr> outside;  ///< frames that lie in no contiguous range
        Outermost end;                    ///< the last frame, if none follows
        std::uint64_t walked = 0;
        std::uint64_t unproven = 0;  ///< innermost frames in doubt
        std::uint64_t elided = 0;
        bool rooted = false;
        [[nodiscard]] bool whole() const { return rooted && unproven == 0; }
    };

    /// `fetch_from`: where to read frames that `coverage` does not hold; null: the chain ends there.
    void follow(FrameCoverage& coverage, const process::RemoteMemory* fetch_from, RemoteAddr top, Copy copy,
                Chain& chain);
    FrameCopies fetch(FrameCoverage& coverage, const process::RemoteMemory& memory, RemoteAddr frame);
    [[nodiscard]] std::uint64_t doubt(const Chain& chain, const FrameFields& a, const FrameFields& b,
                                      bool direct_callee) const;
    [[nodiscard]] bool ends_at_root(const Outermost& last, bool generator, bool shim_last) const;
    [[nodiscard]] bool silent() const;
    void note_root(const Outermost& last);
    static void keep_frame(Chain& chain, const RawFrame& frame);
    static void finish_elision(Chain& chain);
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
    std::vector<RawFrame> last_proven_;
    Outermost root_;       // of the thread's proven stacks (before 3.12)
    Outermost next_root_;  // the one found last
    int next_root_seen_ = 0;
};

}  // namespace lampyr::cpython
