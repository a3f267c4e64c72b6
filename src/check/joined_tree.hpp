// SPDX-License-Identifier: MIT
#pragma once

#include "check/function_match.hpp"
#include "check/run_matrix.hpp"
#include "check/side_tree.hpp"

#include <cstdint>
#include <vector>

namespace lampyr::check {

/// Both sides' trees as one, over the rows of a FunctionMatch.
class JoinedTree {
  public:
    struct Node {
        std::uint32_t parent = 0;  ///< smaller than the node itself; node 0 is the root
        std::uint32_t row = 0;
        std::uint32_t depth = 0;
        bool outermost = false;  ///< no caller is of the same function: its time counts for the function's total
    };

    JoinedTree(const SideTree& base, const SideTree& now, const FunctionMatch& match);

    [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
    /// Nodes so that a caller's callees follow it.
    [[nodiscard]] const std::vector<std::uint32_t>& preorder() const { return preorder_; }
    /// A run's own time in each node: nanoseconds and squares as in NodeTime.
    [[nodiscard]] std::vector<NodeTime> own_times(bool is_now, const RunColumn& run) const;
    /// Adds to each node what is below it.
    void add_up(std::vector<NodeTime>& times) const;

  private:
    void join(const SideTree& side, const std::vector<std::uint32_t>& rows, std::vector<std::uint32_t>& node_of);
    void put_in_order(std::size_t rows);

    std::vector<Node> nodes_;
    std::vector<std::uint32_t> preorder_;
    std::vector<std::uint32_t> base_node_;  ///< by node of the side
    std::vector<std::uint32_t> now_node_;
    profile::PairIndex children_;
};

[[nodiscard]] RunMatrix run_matrix(const JoinedTree& tree, const FunctionMatch& match, const SideTree& base,
                                   const SideTree& now);

}  // namespace lampyr::check
