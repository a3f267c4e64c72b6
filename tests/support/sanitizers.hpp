// SPDX-License-Identifier: MIT
#pragma once

namespace lampyr::test {

/// ThreadSanitizer gives every process a thread of its own and keeps signals in a queue of its own, so tests that count either
/// have nothing to say under it.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

}  // namespace lampyr::test
