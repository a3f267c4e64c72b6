// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

namespace lampyr::exporter {

/// Folded stacks ("raw"): `frame(;frame)* SPACE count NL`, root first, one line a stack, each stack once, lines in
/// byte order. The counts add up to `ProfileInfo::stacks`. docs/output-formats.md.
[[nodiscard]] Result<void> write_folded(const Profile& profile, const ExportOptions& options, ByteSink& sink);

}  // namespace lampyr::exporter
