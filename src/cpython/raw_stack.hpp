// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"

#include <cstdint>
#include <span>

namespace lampyr::cpython {

/// One Python frame as found in memory: addresses only, no names yet.
struct RawFrame {
    RemoteAddr frame;
    RemoteAddr code;
    std::uint64_t instruction = 0;  ///< address (3.11+), else f_lasti sign-extended
    std::uint32_t tlbc_index = 0;   ///< free-threaded 3.14+: which copy of the bytecode runs
    bool generator = false;         ///< the frame lives inside a generator or coroutine object
    bool through_c = false;         ///< a C function stands between this frame and its caller
    friend bool operator==(const RawFrame&, const RawFrame&) = default;
};

enum class StackStatus : std::uint8_t {
    kOk,
    kNoFrame,     ///< the thread runs no Python code; normal for a thread being started or a C thread
    kUnreadable,  ///< the thread is there, its stack could not be read this time
    kStale,       ///< no thread state of the interpreter is at this address (any more)
};

/// What one sweep found of one thread. Valid until the next sweep of the same reader.
struct RawStack {
    RemoteAddr tstate;
    RemoteAddr interpreter;
    std::uint64_t ident = 0;     ///< pthread_self
    std::int64_t native_id = 0;  ///< gettid in the target's pid namespace; 0: this version does not keep it
    std::uint64_t interpreter_id = 0;
    RemoteAddr watched;  ///< the word of the thread state that is watched (`StackReader::watch`); else null
    std::span<const RawFrame> frames;  ///< innermost first
    std::uint32_t unproven = 0;        ///< that many innermost frames are not proven to belong to the frames below them
    std::uint32_t elided_after = 0;    ///< where frames are missing, when `elided` > 0: behind that many innermost ones
    std::uint64_t elided = 0;          ///< frames left out of a stack too deep to hold
    StackStatus status = StackStatus::kOk;
    bool root_reached = false;  ///< `frames` end at the thread's outermost frame; false: they hang in the air
    std::uint64_t serial = 0;   ///< another number whenever the stack was decoded anew
    std::size_t unchanged = 0;  ///< so many outermost frames are those of the serial before
    bool mispredicted = false;  ///< part of it was read by a later call
    bool holds_gil = false;
    bool recognisable = false;  ///< nothing but that calls are not known keeps the innermost frames from being claimed
    std::uint64_t apart = 0;    ///< with it, a bit for each of the innermost: its caller was copied at another moment
};

}  // namespace lampyr::cpython
