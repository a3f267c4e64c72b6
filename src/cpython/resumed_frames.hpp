// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/frame_fields.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/settle.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace lampyr::cpython {

/// Who called the frames that lie outside of the data stack, as they were met last: generators, up to 3.10 all frames. Such a
/// frame runs for some ns at a time. By the time it is read it may have yielded and name no caller, or be gone. Of fixed size
/// once the first is met; a thread's own.
class ResumedFrames {
  public:
    explicit ResumedFrames(const Layout& layout) : layout_(layout) {}

    struct Found {
        RawFrame frame;
        RemoteAddr by;
        bool ended = false;  ///< there is no such frame any more
        [[nodiscard]] bool known() const { return !by.is_null(); }
    };
    /// Takes note of a frame and of who called it. Frames that name their caller as long as they are there are passed over.
    void remember(const RawFrame& frame, const RawFrame& caller);
    /// Of a frame that names no caller in this copy, `f`, or is none any more: who called it. It is the one of the `other` copy, or
    /// the one it was met with last, if that stands there still; whether that makes such a call is to be asked. Not `known()`:
    /// the frame speaks for itself, or nobody can be named.
    [[nodiscard]] Found find(FrameCoverage& coverage, RemoteAddr address, const FrameFields& f,
                             const FrameFields& other) const;
    /// 3.12+: an eval loop entered from C whose frame has returned or yielded names its entry marker. Returns the generator that
    /// it ran a moment ago, or `top` where that is no marker or nothing is known.
    [[nodiscard]] RemoteAddr behind_marker(FrameCoverage& coverage, RemoteAddr top, Copy copy) const;
    /// Which frame was innermost when the copy was made, where the pointer, read a moment later or before, names `top`: not one
    /// that runs no more or not yet in this copy, but who called it; and then whatever that called, as the copy has it.
    [[nodiscard]] RemoteAddr settle(FrameCoverage& coverage, RemoteAddr top, Copy copy) const;

  private:
    struct Met {
        RawFrame frame;
        RemoteAddr by;
        RemoteAddr by_code;
    };
    using Callees = std::array<RemoteAddr, 4>;  // latest first
    static constexpr std::size_t kSlots = 256;
    [[nodiscard]] static std::size_t slot(RemoteAddr address) { return address.value / 16 % kSlots; }
    [[nodiscard]] bool heap() const { return layout_.current_frame == CurrentFrame::kHeapFrame; }
    [[nodiscard]] const Met* met(FrameCoverage& coverage, RemoteAddr frame) const;
    [[nodiscard]] bool has_ended(const FrameFields& f, const FrameFields& other) const;
    [[nodiscard]] bool has_yielded(const FrameFields& f, const FrameFields& other) const;
    [[nodiscard]] RemoteAddr caller_of(FrameCoverage& coverage, RemoteAddr frame, Copy copy) const;
    [[nodiscard]] bool was_called_by(RemoteAddr callee, RemoteAddr caller) const;
    [[nodiscard]] RemoteAddr behind_entry(FrameCoverage& coverage, RemoteAddr previous, Copy copy) const;
    [[nodiscard]] RemoteAddr called_by(FrameCoverage& coverage, RemoteAddr caller, Copy copy) const;

    const Layout& layout_;
    std::vector<Met> met_;          // by the frame
    std::vector<Callees> callees_;  // by who called
};

}  // namespace lampyr::cpython
