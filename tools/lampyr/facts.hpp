// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <cstddef>
#include <string>

namespace lampyr::tool {

/// Facts of a profile in words, safe for a terminal.
[[nodiscard]] std::string who(const Profile& profile);           ///< "app (process 12, Python 3.12.1)"
[[nodiscard]] std::string losses_text(const ProfileInfo& info);  ///< "12 late (0.4 %), 3 unproven (0.1 %)"; "none"
/// Text with at most `most` bytes, cut between characters and marked as cut.
[[nodiscard]] std::string cut_text(std::string text, std::size_t most);

}  // namespace lampyr::tool
