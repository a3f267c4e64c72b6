// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/line_table.hpp"
#include "cpython/raw_stack.hpp"
#include "process/remote_memory.hpp"

#include <optional>

namespace lampyr::cpython {

/// Where in the source a frame stands, columns and all. Nothing where the version keeps no columns (≤ 3.10), or when the
/// frame's code is not what it was. Reads the line table anew each time: for a dump, not for the sampling path.
[[nodiscard]] std::optional<Position> frame_position(const process::RemoteMemory& memory, const Layout& layout,
                                                     const RawFrame& frame);

}  // namespace lampyr::cpython
