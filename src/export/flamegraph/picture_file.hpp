// SPDX-License-Identifier: MIT
#pragma once

#include "export/flamegraph/captions.hpp"
#include "export/flamegraph/palette.hpp"
#include "export/flamegraph/picture_tree.hpp"

#include <lampyr/export.hpp>
#include <lampyr/result.hpp>

#include <string>
#include <vector>

namespace lampyr::exporter {

struct LegendItem {
    std::string fill;
    std::string colour_class;
    std::string text;
};

/// Everything a picture shows.
struct Picture {
    PictureTree tree;
    Captions words;
    std::vector<LegendItem> legend;
    const Palette& palette;
};

/// One SVG file: the static layer (static_layer.hpp), the words around it, and the tree and script for a browser.
[[nodiscard]] Result<void> write_picture(Picture picture, ByteSink& sink);

}  // namespace lampyr::exporter
