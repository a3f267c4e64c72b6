// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

namespace lampyr::profile::file {

/// A finished profile as a lampyr file.
[[nodiscard]] Result<void> write_file(const Profile& profile, ByteSink& sink);

}  // namespace lampyr::profile::file
