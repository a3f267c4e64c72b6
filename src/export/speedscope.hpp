// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

namespace lampyr::exporter {

/// speedscope's file format (https://www.speedscope.app/file-format-schema.json): a sampled profile for each thread,
/// weights in seconds of real time, one frame table without duplicates. Made for profiles with a timeline, where a hole
/// in a thread's samples stays a hole; without one the stacks stand in the order they were first seen.
/// docs/output-formats.md has the mapping.
[[nodiscard]] Result<void> write_speedscope(const Profile& profile, const ExportOptions& options, ByteSink& sink);

}  // namespace lampyr::exporter
