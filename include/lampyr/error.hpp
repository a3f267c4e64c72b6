// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace lampyr {

/// What kind of thing went wrong; decides the exit status and lets a caller react. The text is in `Error`.
enum class ErrorCode : std::uint8_t {
    kUsage,                 ///< the caller asked for something that makes no sense
    kNoSuchProcess,         ///< the PID does not exist (or is a zombie)
    kNotPython,             ///< the process exists and holds no CPython interpreter
    kPythonStarting,        ///< CPython is mapped but not initialised yet; worth trying again
    kUnsupportedVersion,    ///< CPython of a version whose layout is unknown
    kPermission,            ///< the kernel refused; `hint` says which rule and what to type
    kTargetGone,            ///< the process ended or exec'ed while it was being read
    kOutput,                ///< an output file cannot be written
    kProgramNotFound,       ///< spawn: no such program
    kProgramNotExecutable,  ///< spawn: found, but it cannot be executed
    kCorrupt,               ///< data (from the target or a file) contradicts itself
    kSystem,                ///< an operating system call failed unexpectedly; `os_errno` is set
    kStopped,               ///< the caller asked to stop before there was anything to stop
    kInternal,              ///< a bug in lampyr
};

/// One failure in words for a person: what failed and why in `message`, what to type next in `hint` (may be empty).
/// Both are single sentences without a newline. Text from the target is already made safe for a terminal.
struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string message;
    std::string hint;
    int os_errno = 0;
    int child_status = -1;  ///< spawn: status, as a shell reports it, of a program that ended too early; -1: none
};

/// `message` and `hint` as one line: "message; hint" or just "message".
[[nodiscard]] std::string to_string(const Error& error);

}  // namespace lampyr
