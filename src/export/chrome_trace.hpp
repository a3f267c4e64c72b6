// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

namespace lampyr::exporter {

/// Chrome's trace-event format, which Perfetto and chrome://tracing show: for each thread the frames as nested slices in
/// real time, and an `(idle)` slice where a thread waited. Needs a profile with a timeline; kUsage otherwise.
/// docs/output-formats.md has the mapping.
[[nodiscard]] Result<void> write_chrome_trace(const Profile& profile, const ExportOptions& options, ByteSink& sink);

}  // namespace lampyr::exporter
