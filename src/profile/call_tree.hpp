// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/profile.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace lampyr::profile {

struct TreeOptions {
    enum class Measure : std::uint8_t {
        kCount,   ///< thread stacks seen
        kWeight,  ///< the time they stand for, in nanoseconds
    };
    enum class Order : std::uint8_t {
        kLabel,  ///< siblings by label, byte by byte
        kTotal,  ///< siblings by total, most first; equal ones by label
    };
    Lines lines = Lines::kLine;
    bool threads = false;    ///< a thread node above each stack
    bool processes = false;  ///< a process node above that
    bool full_filenames = false;
    Measure measure = Measure::kCount;
    Order order = Order::kLabel;
};

/// All stacks of a profile merged by label: the data of a flame graph. Nodes stand in preorder, so a subtree is the range
/// [node, subtree_end) and its first child, if any, is the next node. Node 0 is the root of everything, labelled "all".
/// Equal profiles give equal trees, whatever order their samples came in.
struct CallTree {
    static constexpr std::uint32_t kNoParent = std::numeric_limits<std::uint32_t>::max();

    struct Node {
        std::uint32_t parent = kNoParent;
        std::uint32_t subtree_end = 0;  ///< index after the last descendant; the next sibling if parent's range goes on
        std::uint32_t depth = 0;        ///< 0 is the root
        std::uint32_t label = 0;        ///< row of `labels`
        FunctionKind kind = FunctionKind::kMarker;
        std::uint64_t self = 0;   ///< in the unit of the measure
        std::uint64_t total = 0;  ///< self and all descendants
    };

    std::vector<Node> nodes;          ///< never empty
    std::vector<std::string> labels;  ///< each text once, in byte order; not escaped
    std::uint32_t max_depth = 0;

    [[nodiscard]] const std::string& label(const Node& node) const { return labels[node.label]; }
    [[nodiscard]] std::uint64_t total() const { return nodes.front().total; }
    [[nodiscard]] bool is_leaf(std::uint32_t node) const { return nodes[node].subtree_end == node + 1; }
};

/// Without recursion: stacks may be a hundred thousand frames deep. A stack without frames becomes `(no Python frames)`.
/// Where functions of different kinds share a label, the node has the kind that stands first in FunctionKind.
[[nodiscard]] CallTree build_call_tree(const Profile& profile, const TreeOptions& options);

}  // namespace lampyr::profile
