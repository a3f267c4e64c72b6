// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

namespace lampyr::exporter {

/// pprof's profile.proto, gzipped: each stack of a thread in one state is a sample with its count and time, labelled with
/// process, thread and state. File names are always whole. docs/output-formats.md has the mapping.
[[nodiscard]] Result<void> write_pprof(const Profile& profile, const ExportOptions& options, ByteSink& sink);

}  // namespace lampyr::exporter
