// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/result.hpp>

#include <vector>

namespace lampyr {

/// One profile that holds what all hold. A process that is the same in several (PID, command line, executable, version)
/// is one, and so are its threads. Recordings that know when they began stand where they belong on the common timeline;
/// without that, and for profiles without a timeline, the result has none. At least one profile is needed.
[[nodiscard]] Result<Profile> merge_profiles(std::vector<Profile> profiles);

}  // namespace lampyr
