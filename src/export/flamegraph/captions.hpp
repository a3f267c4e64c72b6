// SPDX-License-Identifier: MIT
#pragma once

#include "export/flamegraph/picture_tree.hpp"

#include <lampyr/export.hpp>
#include <lampyr/profile.hpp>

#include <string>
#include <vector>

namespace lampyr::exporter {

/// The words around the picture, safe to show but not yet escaped for XML.
struct Captions {
    std::string title;
    std::string subtitle;            ///< what the widths mean
    std::vector<std::string> facts;  ///< the recording: samples, rate, losses by cause, versions, processes
};
[[nodiscard]] Captions captions(const Profile& profile, const ExportOptions& options, const PictureTree& tree);

}  // namespace lampyr::exporter
