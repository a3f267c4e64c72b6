// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::native {

/// What a machine frame is to a Python stack.
enum class Role : std::uint8_t {
    kEval,         ///< the interpreter's eval loop: runs Python frames
    kPlumbing,     ///< how the interpreter calls things; never shown
    kInterpreter,  ///< other code of the interpreter: shown where Python called it and nothing Python came of it
    kStart,        ///< how threads and programs begin; never shown
    kLandmark,     ///< of the interpreter, and shown wherever it is: garbage collection, import, eval
    kCode,         ///< everybody else's
};

/// What called a Python frame: another one directly, or C code.
enum class Caller : std::uint8_t { kPython, kC };

/// A row of a merged stack.
struct MergedFrame {
    enum class Kind : std::uint8_t {
        kPython,  ///< Python frame number `index`
        kNative,  ///< machine frame number `index`
        kLost,    ///< from here outwards machine frames are not known
    };
    Kind kind = Kind::kPython;
    std::uint32_t index = 0;
    friend bool operator==(const MergedFrame&, const MergedFrame&) = default;
};

enum class MergeResult : std::uint8_t {
    kWhole,
    kCut,        ///< unwinding ended early; outer machine frames are missing, and a row says where
    kUnmatched,  ///< Python frames and eval loops do not agree; Python frames only
};

/// Joins the two views of one stack, both innermost first. Every eval loop on the machine stack runs one Python frame that
/// C called (`Caller::kC`) and those that this one called without C in between: 3.11 and later; before, each frame has a
/// loop of its own, and so each was entered from C. `complete`: `roles` reach to the thread's first function.
/// Nothing is guessed: each Python frame is shown, once and in order, and a machine frame only where its place is known.
MergeResult merge(std::span<const Role> roles, std::span<const Caller> callers, bool complete,
                  std::vector<MergedFrame>& merged);

}  // namespace lampyr::native
