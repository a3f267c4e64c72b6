// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lampyr::process {

// Users and groups by the name service of the system. A static binary has only what stands in /etc/passwd and /etc/group:
// the name service is made of libraries that belong to the C library of the machine, not to ours.

/// Nothing: no such user.
[[nodiscard]] std::optional<std::string> name_of_user(std::uint32_t uid);

/// All groups of a user, `group` among them.
[[nodiscard]] std::vector<gid_t> groups_of_user(const std::string& name, gid_t group);

}  // namespace lampyr::process
