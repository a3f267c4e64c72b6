// SPDX-License-Identifier: MIT
#pragma once

#include "export/flamegraph/palette.hpp"
#include "export/flamegraph/picture_tree.hpp"

#include <string>

namespace lampyr::exporter {

/// The frames of the picture as it is seen without a script: rectangles with a tool tip and text, presentation attributes
/// only. At most 6,000 elements and 96 rows: frames too small for that are summed into a hatched "n small frames" box
/// beside their larger siblings, rows too deep into a hatched "n rows deeper" box, so that widths always add up.
struct StaticLayer {
    std::string svg;       ///< the elements, frames first, then their texts
    std::size_t rows = 0;  ///< drawn, from the top
};
[[nodiscard]] StaticLayer draw_static(const PictureTree& tree, const Palette& palette, double top);

}  // namespace lampyr::exporter
