// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/frame_coverage.hpp"
#include "cpython/frame_fields.hpp"
#include "cpython/known_calls.hpp"
#include "cpython/layout.hpp"

#include <cstdint>

namespace lampyr::cpython {

/// The two copies of a thread's innermost frames: one read before the pointer to the innermost frame, one after it.
enum class Copy : std::uint8_t { kBefore, kAfter };

inline const std::byte* bytes_of(const FrameCopies& copies, Copy copy) {
    return copy == Copy::kAfter ? copies.second : copies.first;
}

/// The pointer was read a moment before or after the copy. Which frame was innermost when the copy was made says the copy
/// itself (3.11+): a frame whose direct caller runs its own bytecode has returned, and a frame that waits has called
/// another. Returns `top` where nothing says otherwise.
[[nodiscard]] RemoteAddr settle(const Layout& layout, const KnownCalls& known, FrameCoverage& coverage, RemoteAddr top,
                                Copy copy);

/// The inner half of it: from a frame that is alive to the innermost one, as far as the calls are known to happen. That a
/// frame's stack pointer is saved may also mean that it is inside a C function (3.14+), behind it the rest of an older call.
[[nodiscard]] RemoteAddr settle_inwards(const Layout& layout, const KnownCalls& known, FrameCoverage& coverage,
                                        RemoteAddr top, Copy copy);

}  // namespace lampyr::cpython
