// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/frame_fields.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/settle.hpp"

#include <array>
#include <cstddef>

namespace lampyr::cpython {

/// Who called the frames that lie outside of the data stack, as they were met last: generators, up to 3.10 all frames. Such a
/// frame runs for some ns at a time. By the time it is read it may have yielded and name no caller, or be gone. Of fixed size;
/// a thread's own.
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

  private:
    struct Met {
        RawFrame frame;
        RemoteAddr by;
        RemoteAddr by_code;
    };
    static constexpr std::size_t kSlots = 256;
    [[nodiscard]] static std::size_t slot(RemoteAddr address) { return address.value / 16 % kSlots; }
    [[nodiscard]] bool heap() const { return layout_.current_frame == CurrentFrame::kHeapFrame; }
    [[nodiscard]] const Met* met(FrameCoverage& coverage, RemoteAddr frame) const;
    [[nodiscard]] bool has_ended(const FrameFields& f, const FrameFields& other) const;
    [[nodiscard]] bool has_yielded(const FrameFields& f, const FrameFields& other) const;

    const Layout& layout_;
    std::array<Met, kSlots> met_{};          // by the frame
    std::array<RemoteAddr, kSlots> last_{};  // by who called from C: the frame
};

}  // namespace lampyr::cpython
