// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lampyr::exporter {

/// What a frame is called in the picture. All text is valid UTF-8 with control and direction characters already shown as
/// escapes and cut to a bearable length; it is not yet escaped for XML.
struct FrameLabel {
    std::string name;
    std::string file;        ///< empty: none
    std::uint32_t line = 0;  ///< 0: none
    std::uint8_t kind = 0;   ///< a FunctionKind as a number
    std::uint8_t shade = 0;
};

/// One frame on its way into the picture; a sequence of them is a tree in preorder.
struct PictureNode {
    std::uint32_t depth = 0;
    std::uint32_t label = 0;
    std::uint64_t samples = 0;  ///< of the frame itself, without its callees
    std::uint64_t time = 0;     ///< as above, nanoseconds
};

/// The call tree as the picture shows it: preorder columns, siblings by falling time, frame 0 the whole profile.
/// Widths are times, rounded so that a parent is always exactly its children and itself.
struct PictureTree {
    std::vector<std::uint32_t> depth;
    std::vector<std::uint32_t> label;
    std::vector<std::uint32_t> parent;       ///< of frame 0: 0
    std::vector<std::uint32_t> end;          ///< one past the last frame of the subtree
    std::vector<std::uint64_t> samples;      ///< of the frame itself
    std::vector<std::uint64_t> all_samples;  ///< and of all below it
    std::vector<std::uint64_t> self;         ///< width of the frame itself
    std::vector<std::uint64_t> total;        ///< and of all below it
    std::vector<std::uint64_t>
        start;  ///< left edge; children stand at the left of their parent, its own time at the right
    std::vector<FrameLabel> labels;
    bool timed = false;      ///< widths are time; else samples
    bool compares = false;   ///< of two profiles: widths are both together, `samples` those of the second
    std::uint64_t unit = 0;  ///< nanoseconds of one unit of width; 0: not known (only when not `timed`)

    [[nodiscard]] std::size_t size() const { return depth.size(); }
    /// Where the children of a frame stop and its own time begins.
    [[nodiscard]] std::uint64_t children_end(std::size_t i) const { return start[i] + total[i] - self[i]; }
};

/// Two profiles in one tree, in shares: `samples` of a node is what it has in the second, `time` that of both together.
[[nodiscard]] PictureTree arrange_both(const std::vector<PictureNode>& nodes, std::vector<FrameLabel> labels);

/// Sorts siblings, sums up, and rounds times to a unit of about 1/64 to 1/16 `interval` (nanoseconds); where every sample stands
/// for the same time, samples are the width. `nodes` is a preorder with
/// one node of depth 0, first. Iterative: depth is bounded by memory only.
[[nodiscard]] PictureTree arrange(const std::vector<PictureNode>& nodes, std::vector<FrameLabel> labels,
                                  std::uint64_t interval);

/// The tree without its smallest frames: at most `limit` frames are kept (frames are dropped by total, never above a kept
/// one) and what was dropped below a frame is summed into one frame `label` there. Returns how many frames were dropped.
struct PrunedTree {
    PictureTree tree;
    std::size_t dropped = 0;
};
[[nodiscard]] PrunedTree prune(const PictureTree& tree, std::size_t limit, FrameLabel label);

}  // namespace lampyr::exporter
