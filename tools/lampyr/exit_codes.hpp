// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/error.hpp>
#include <lampyr/target.hpp>

namespace lampyr::tool {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  ///< attach mode: anything went wrong
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInconclusive = 3;       ///< check: too little to decide
inline constexpr int kExitMeasurementFailed = 4;  ///< check: runs failed
inline constexpr int kExitSpawnFailed = 125;      ///< spawn mode: lampyr itself failed (as env(1), timeout(1))
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitSignalBase = 128;

/// Our status for a failure. When we were to start a program, 0 to 124 belong to that program.
[[nodiscard]] constexpr int exit_code(ErrorCode code, bool spawning) {
    if (code == ErrorCode::kUsage) return kExitUsage;
    if (!spawning) return kExitFailed;
    if (code == ErrorCode::kProgramNotFound) return kExitNotFound;
    if (code == ErrorCode::kProgramNotExecutable) return kExitNotExecutable;
    return kExitSpawnFailed;
}

/// The spawned program's status as a shell would report it.
[[nodiscard]] constexpr int exit_code(const ExitStatus& status) {
    return status.signal != 0 ? kExitSignalBase + status.signal : status.code;
}

}  // namespace lampyr::tool
