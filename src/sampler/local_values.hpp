// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/dump.hpp>

#include "cpython/frame_locals.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/value_text.hpp"
#include "process/remote_memory.hpp"

#include <optional>
#include <vector>

namespace lampyr::sampler {

/// The variables of frames in words. What the target changed while it was read is read again a few times, then marked.
class LocalValues {
  public:
    LocalValues(const process::RemoteMemory& memory, const cpython::Layout& layout, cpython::ValueLimits limits)
        : text_(memory, layout, limits), locals_(memory, layout, text_.types()) {}

    /// Nothing when the frame is gone or cannot be read.
    [[nodiscard]] std::optional<std::vector<DumpLocal>> read(const cpython::RawFrame& frame);

  private:
    [[nodiscard]] std::optional<std::vector<DumpLocal>> read_once(const cpython::RawFrame& frame);

    cpython::ValueText text_;
    cpython::FrameLocals locals_;
};

}  // namespace lampyr::sampler
