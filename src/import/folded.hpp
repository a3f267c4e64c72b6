// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/read_profile.hpp>

#include <string_view>

namespace lampyr::importer {

/// Folded stacks: `frame(;frame)* SPACE number`, one a line, lines with # in front left out. lampyr's escapes are undone.
/// A process or thread at the root becomes one. Austin's lines (`P42;T0:7;file:name:line;… MICROSECONDS`) are known by
/// their root.
[[nodiscard]] Result<ReadProfile> read_folded(std::string_view text, const ReadLimits& limits);

}  // namespace lampyr::importer
