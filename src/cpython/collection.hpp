// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "process/remote_memory.hpp"

#include <optional>

namespace lampyr::cpython {

/// A run of an interpreter's garbage collector.
struct Collection {
    RemoteAddr frame;  ///< the frame that it began in (3.15+); null: not told
};

/// Whether the interpreter keeps where it can be found that it collects garbage: 3.7 and later.
[[nodiscard]] bool tells_collections(const Layout& layout);

/// The collection that runs now; nothing when there is none, or it cannot be told.
[[nodiscard]] std::optional<Collection> running_collection(const process::RemoteMemory& memory, const Layout& layout,
                                                           RemoteAddr runtime, RemoteAddr interpreter);

enum class Collector : std::uint8_t { kNo, kPerhaps, kYes };

/// Whether a thread of the interpreter can be the one that runs the collection. It holds the GIL, or runs (free-threaded), or
/// let go of it in a finaliser. A finaliser is called by C, which no frame shows up to 3.10: there any deeper stack may be one.
[[nodiscard]] Collector may_collect(const process::RemoteMemory& memory, const Layout& layout, const RawStack& stack,
                                    const Collection& collection);

/// How a thread stands to the interpreter. On builds with a GIL, attached is who holds it.
enum class Attachment : std::uint8_t {
    kUnknown,
    kDetached,
    kAttached,
    kSuspended,  ///< free-threaded: held up, as all threads are while one collects garbage
};
/// 3.13+; unknown before.
[[nodiscard]] Attachment attachment(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr thread_state);

}  // namespace lampyr::cpython
