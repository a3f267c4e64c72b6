// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/error.hpp>
#include <lampyr/ids.hpp>

#include <cstdint>

namespace lampyr::process {

/// What /proc is to us.
enum class ProcView : std::uint8_t {
    kOurs,     ///< its numbers are those that system calls take
    kMissing,  ///< not mounted, or something else is
    kForeign,  ///< of another pid namespace: what it calls 42 is another process than pidfd_open's 42
};

/// One or two system calls.
[[nodiscard]] ProcView proc_view();

/// Why there is nothing to be seen of `pid` in /proc: it does not exist, or it is hidden (hidepid), or /proc is not ours.
[[nodiscard]] Error explain_absence(Pid pid);

}  // namespace lampyr::process
