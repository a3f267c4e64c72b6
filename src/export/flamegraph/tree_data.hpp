// SPDX-License-Identifier: MIT
#pragma once

#include "export/flamegraph/picture_tree.hpp"

#include <string>

namespace lampyr::exporter {

/// The tree as the picture's script reads it: columns of base-128 numbers, compressed with zlib, in base64, whose alphabet
/// has no character that means anything to XML or to a script. The format is private to one version of the script:
///
///   timed, frames, labels
///   names and files, each: bytes, then the texts joined by newlines
///   labels: name, file, line, kind * 8 + shade
///   frames in preorder, a column each: 1 + depth of the one before - depth (not for the first), label, own samples,
///   and when `timed` own time in units
struct TreeData {
    std::string base64;
    std::size_t dropped = 0;  ///< frames summed into "small frames" to stay below the size limit
    std::size_t longest = 0;  ///< bytes after which names were cut; 0: none was cut here
};
[[nodiscard]] TreeData encode_tree(const PictureTree& tree);

}  // namespace lampyr::exporter
