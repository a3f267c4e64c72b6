// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/profile.hpp>
#include <lampyr/result.hpp>

namespace lampyr::exporter {

/// One SVG file: a picture that is complete without a script (static_layer.hpp), and the whole tree for the script in it
/// (tree_data.hpp, script.js), which zooms, searches and fits the picture to its window. Names of the target are escaped
/// text or compressed data, never part of the script or of a style. Equal profiles give equal bytes.
[[nodiscard]] Result<void> write_flamegraph(const Profile& profile, const ExportOptions& options, ByteSink& sink);

}  // namespace lampyr::exporter
