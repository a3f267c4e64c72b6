// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

namespace lampyr::exporter {

/// Folded stacks ("raw"): `frame(;frame)* SPACE count NL`, root first, one line a stack, each stack once, lines in
/// byte order. A count is the stack's time in sampling intervals, rounded so that all of them add up to all time; without
/// an interval it is the number of samples. docs/output-formats.md.
[[nodiscard]] Result<void> write_folded(const Profile& profile, const ExportOptions& options, ByteSink& sink);

}  // namespace lampyr::exporter
