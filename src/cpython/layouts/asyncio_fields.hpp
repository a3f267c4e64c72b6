// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace lampyr::cpython {

/// What says that a suspended coroutine waits for another object, and not for its next caller.
enum class AwaitRule : std::uint8_t {
    kResumeArgument,  ///< behind the instruction it stands at comes RESUME with 2 (yield from) or 3 (await) (3.11, 3.12)
    kFrameState,      ///< gi_frame_state alone (3.13+)
};

/// What is known of asyncio's own structures, and of the objects by which tasks hang together. An interpreter of 3.14 and later
/// publishes most of it (asyncio_section.hpp).
struct AsyncioLayout {
    // TaskObj, whose beginning is a FutureObj (Modules/_asynciomodule.c)
    Offset callback0;
    Offset callbacks;          ///< list of (callback, context), those behind the first
    Offset state;              ///< int, 0: pending
    Offset awaited_by;         ///< a future, or a set of them (3.14+)
    Offset awaited_by_is_set;  ///< char (3.14+)
    Offset fut_waiter;
    Offset coro;
    Offset name;              ///< text, or an int as long as nobody asked (3.13+)
    Offset node;              ///< in the list of tasks (3.14+)
    std::uint32_t task_size;  ///< tp_basicsize of a task of which all this is true
    // Where tasks are found (3.14+); absent until published
    Offset running_task;       ///< in the thread state
    Offset thread_tasks;       ///< likewise, head of a circular list
    Offset interpreter_tasks;  ///< in the interpreter, the same for threads that have ended
    // Small objects. All of FutureIter.future, coroutine_wrapper.cw_coroutine, asend.ags_gen, weakref.wr_object:
    Offset wrapped;
    Offset bound_to;  ///< method.__self__, builtin.__self__, partial.args
    Offset closure;   ///< function.__closure__
    // Generators
    AwaitRule await_rule;
    std::array<std::int8_t, 2> awaiting_states;  ///< gi_frame_state while suspended (in an await, where it tells)
    std::uint8_t awaited_words;                  ///< the awaited object stands so many words below the stack's end
};

/// Of this minor version; the newest known one's for newer versions. Nothing for those whose tasks cannot be read (up to 3.10).
[[nodiscard]] std::optional<AsyncioLayout> asyncio_layout(const Version& version);

}  // namespace lampyr::cpython
