// SPDX-License-Identifier: MIT
#include "check/joined_tree.hpp"

#include <algorithm>
#include <numeric>

namespace lampyr::check {

JoinedTree::JoinedTree(const SideTree& base, const SideTree& now, const FunctionMatch& match) {
    nodes_.emplace_back();
    join(base, match.base_row, base_node_);
    join(now, match.now_row, now_node_);
    put_in_order(match.rows.size());
}

void JoinedTree::join(const SideTree& side, const std::vector<std::uint32_t>& rows,
                      std::vector<std::uint32_t>& node_of) {
    node_of.assign(side.nodes().size(), 0);
    for (std::size_t i = 1; i < side.nodes().size(); ++i) {
        const std::uint32_t parent = node_of[side.nodes()[i].parent];
        const std::uint32_t row = rows[side.nodes()[i].function];
        std::uint32_t node = children_.find(parent, row);
        if (node == profile::PairIndex::kNone) {
            node = static_cast<std::uint32_t>(nodes_.size());
            nodes_.push_back({parent, row, nodes_[parent].depth + 1, false});
            children_.insert(parent, row, node);
        }
        node_of[i] = node;
    }
}

void JoinedTree::put_in_order(std::size_t rows) {
    std::vector<std::uint32_t> first(nodes_.size() + 1, 0);
    for (std::size_t i = 1; i < nodes_.size(); ++i) ++first[nodes_[i].parent + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<std::uint32_t> fill(first.begin(), first.end() - 1);
    std::vector<std::uint32_t> children(nodes_.size(), 0);
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) children[fill[nodes_[i].parent]++] = i;
    std::vector<std::uint32_t> above(rows, 0);  // how often each function is on the path
    std::vector<std::uint32_t> path;
    std::vector<std::uint32_t> pending{0};
    preorder_.reserve(nodes_.size());
    while (!pending.empty()) {
        const std::uint32_t node = pending.back();
        pending.pop_back();
        preorder_.push_back(node);
        while (path.size() > nodes_[node].depth) {
            if (path.back() != 0) --above[nodes_[path.back()].row];
            path.pop_back();
        }
        path.push_back(node);
        if (node != 0) nodes_[node].outermost = above[nodes_[node].row]++ == 0;
        for (std::uint32_t i = first[node + 1]; i-- > first[node];) pending.push_back(children[i]);
    }
}

std::vector<NodeTime> JoinedTree::own_times(bool is_now, const RunColumn& run) const {
    const std::vector<std::uint32_t>& node_of = is_now ? now_node_ : base_node_;
    std::vector<NodeTime> times(nodes_.size());
    for (const NodeTime& time : run.times) {
        NodeTime& to = times[node_of[time.node]];
        to.ns += time.ns;
        to.squares += time.squares;
    }
    return times;
}

void JoinedTree::add_up(std::vector<NodeTime>& times) const {
    for (std::size_t i = nodes_.size(); i-- > 1;) {
        times[nodes_[i].parent].ns += times[i].ns;
        times[nodes_[i].parent].squares += times[i].squares;
    }
}

RunMatrix run_matrix(const JoinedTree& tree, const FunctionMatch& match, const SideTree& base, const SideTree& now) {
    RunMatrix matrix;
    matrix.base_runs = base.runs().size();
    matrix.now_runs = now.runs().size();
    const std::size_t runs = matrix.runs();
    matrix.self.assign(match.rows.size(), std::vector<RunMatrix::Cell>(runs));
    matrix.total = matrix.self;
    for (std::size_t run = 0; run < runs; ++run) {
        const bool is_now = matrix.is_now(run);
        const RunColumn& column = is_now ? now.runs()[run - matrix.base_runs] : base.runs()[run];
        std::vector<NodeTime> times = tree.own_times(is_now, column);
        const auto add = [&](std::vector<std::vector<RunMatrix::Cell>>& table, std::uint32_t row, const NodeTime& t) {
            table[row][run].time += t.ns;
            table[row][run].samples += t.squares;
        };
        for (std::size_t i = 1; i < times.size(); ++i) add(matrix.self, tree.nodes()[i].row, times[i]);
        tree.add_up(times);
        for (std::size_t i = 1; i < times.size(); ++i)
            if (tree.nodes()[i].outermost) add(matrix.total, tree.nodes()[i].row, times[i]);
        const double work = column.facts.work > 0 ? column.facts.work : 1;
        for (auto* table : {&matrix.self, &matrix.total}) {
            for (auto& row : *table) {
                RunMatrix::Cell& cell = row[run];
                cell.samples = cell.samples > 0 ? cell.time * cell.time / cell.samples : 0;
                cell.time /= work;
            }
        }
        matrix.all.push_back(column.ns / work);
        matrix.program.push_back((column.facts.cpu_s > 0 ? column.facts.cpu_s * 1e9 : column.ns) / work);
    }
    return matrix;
}

}  // namespace lampyr::check
