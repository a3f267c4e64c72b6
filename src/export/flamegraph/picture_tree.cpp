// SPDX-License-Identifier: MIT
#include "export/flamegraph/picture_tree.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>
#include <utility>

namespace lampyr::exporter {
namespace {

constexpr std::uint32_t kNone = 0xffffffffU;

/// Parents of a preorder given by depths.
std::vector<std::uint32_t> parents_of(const std::vector<PictureNode>& nodes) {
    std::vector<std::uint32_t> parent(nodes.size(), 0);
    std::vector<std::uint32_t> path;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        path.resize(nodes[i].depth);
        if (!path.empty()) parent[i] = path.back();
        path.push_back(i);
    }
    return parent;
}

/// Decides what widths are: samples where each stands for the same time (or none is known), else time in a unit that is a
/// power of two near 1/64 (in large trees 1/16) of the interval, so that the columns stay small.
void choose_unit(PictureTree& tree, const std::vector<PictureNode>& nodes, std::uint64_t interval) {
    std::uint64_t each = 0;
    for (const PictureNode& node : nodes) {
        if (each == 0 && node.samples != 0) each = node.time / node.samples;
        if (node.time != each * node.samples) tree.timed = true;
    }
    tree.unit = each;
    if (!tree.timed) return;
    tree.unit = 1;
    const std::uint64_t parts = nodes.size() > 200'000 ? 16 : 64;
    while (tree.unit < (std::uint64_t{1} << 40U) && tree.unit * 2 * parts <= interval) tree.unit *= 2;
}

/// Order in which the nodes are drawn: preorder again, siblings by falling total, equal totals by name.
std::vector<std::uint32_t> left_heavy_order(const std::vector<std::uint32_t>& parent,
                                            const std::vector<std::uint64_t>& total,
                                            const std::vector<PictureNode>& nodes,
                                            const std::vector<std::uint32_t>& label_rank) {
    const std::size_t n = nodes.size();
    // Children of every node side by side (counting sort by parent), then sorted inside each group.
    std::vector<std::uint32_t> first(n + 1, 0);
    for (std::size_t i = 1; i < n; ++i) ++first[parent[i] + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<std::uint32_t> fill(first.begin(), first.end() - 1);
    std::vector<std::uint32_t> children(n, 0);
    for (std::uint32_t i = 1; i < n; ++i) children[fill[parent[i]]++] = i;
    std::vector<std::uint32_t> order;
    order.reserve(n);
    std::vector<std::uint32_t> pending{0};
    while (!pending.empty()) {
        const std::uint32_t i = pending.back();
        pending.pop_back();
        order.push_back(i);
        const auto begin = children.begin() + first[i];
        const auto end = children.begin() + first[i + 1];
        if (end - begin > 1) {
            std::sort(begin, end, [&](std::uint32_t a, std::uint32_t b) {
                if (total[a] != total[b]) return total[a] > total[b];
                const std::uint32_t ra = label_rank[nodes[a].label];
                const std::uint32_t rb = label_rank[nodes[b].label];
                return ra != rb ? ra < rb : a < b;
            });
        }
        pending.insert(pending.end(), std::make_reverse_iterator(end), std::make_reverse_iterator(begin));
    }
    return order;
}

std::vector<std::uint32_t> ranks(const std::vector<FrameLabel>& labels) {
    std::vector<std::uint32_t> order(labels.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto key = [&](std::uint32_t i) { return std::tie(labels[i].name, labels[i].file, labels[i].line); };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return key(a) != key(b) ? key(a) < key(b) : a < b; });
    std::vector<std::uint32_t> rank(labels.size());
    for (std::uint32_t r = 0; r < order.size(); ++r) rank[order[r]] = r;
    return rank;
}

/// Totals, subtree ends and left edges from depth, parent and self.
void lay_out(PictureTree& tree) {
    const std::size_t n = tree.size();
    tree.total = tree.self;
    tree.all_samples = tree.samples;
    tree.end.assign(n, 0);
    tree.start.assign(n, 0);
    for (std::size_t i = n; i-- > 0;) {
        if (tree.end[i] == 0) tree.end[i] = static_cast<std::uint32_t>(i + 1);
        if (i == 0) break;
        const std::uint32_t p = tree.parent[i];
        tree.total[p] += tree.total[i];
        tree.all_samples[p] += tree.all_samples[i];
        if (tree.end[p] == 0) tree.end[p] = tree.end[i];
    }
    std::vector<std::uint64_t> next(n, 0);
    for (std::size_t i = 1; i < n; ++i) {
        const std::uint32_t p = tree.parent[i];
        tree.start[i] = next[i] = next[p];
        next[p] += tree.total[i];
    }
}

void reserve(PictureTree& tree, std::size_t n) {
    for (auto* column : {&tree.depth, &tree.label, &tree.parent}) column->reserve(n);
    for (auto* column : {&tree.samples, &tree.self}) column->reserve(n);
}

void add(PictureTree& tree, std::uint32_t depth, std::uint32_t label, std::uint32_t parent, std::uint64_t samples,
         std::uint64_t self) {
    tree.depth.push_back(depth);
    tree.label.push_back(label);
    tree.parent.push_back(parent);
    tree.samples.push_back(samples);
    tree.self.push_back(self);
}

}  // namespace

namespace {

/// Fills a tree whose unit is chosen.
PictureTree arrange_in_units(PictureTree tree, const std::vector<PictureNode>& nodes, std::vector<FrameLabel> labels) {
    const std::vector<std::uint32_t> parent = parents_of(nodes);
    std::vector<std::uint64_t> total(nodes.size());
    for (std::size_t i = nodes.size(); i-- > 0;) {
        total[i] += tree.timed ? nodes[i].time : nodes[i].samples;
        if (i > 0) total[parent[i]] += total[i];
    }
    const std::vector<std::uint32_t> order = left_heavy_order(parent, total, nodes, ranks(labels));
    std::vector<std::uint32_t> place(nodes.size());
    for (std::uint32_t k = 0; k < order.size(); ++k) place[order[k]] = k;
    reserve(tree, nodes.size());
    std::uint64_t exact = 0;    // the sum so far, in nanoseconds
    std::uint64_t rounded = 0;  // and in units: rounding the running sum keeps every partial sum within half a unit
    for (const std::uint32_t i : order) {
        const PictureNode& node = nodes[i];
        std::uint64_t self = node.samples;
        if (tree.timed) {
            exact += node.time;
            const std::uint64_t now = (exact + tree.unit / 2) / tree.unit;
            self = now - rounded;
            rounded = now;
        }
        add(tree, node.depth, node.label, place[parent[i]], node.samples, self);
    }
    tree.labels = std::move(labels);
    lay_out(tree);
    return tree;
}

}  // namespace

PictureTree arrange(const std::vector<PictureNode>& nodes, std::vector<FrameLabel> labels, std::uint64_t interval) {
    PictureTree tree;
    choose_unit(tree, nodes, interval);
    return arrange_in_units(std::move(tree), nodes, std::move(labels));
}

PictureTree arrange_both(const std::vector<PictureNode>& nodes, std::vector<FrameLabel> labels) {
    PictureTree tree;
    tree.timed = tree.compares = true;
    tree.unit = 1;
    tree = arrange_in_units(std::move(tree), nodes, std::move(labels));
    tree.unit = 0;  // a share is no time
    return tree;
}

PrunedTree prune(const PictureTree& tree, std::size_t limit, FrameLabel label) {
    PrunedTree result;
    std::uint64_t least = 0;
    if (tree.size() > limit) {
        // The limit-th largest total; ties are dropped so that the limit holds.
        std::vector<std::uint64_t> totals = tree.total;
        const auto middle = totals.begin() + static_cast<std::ptrdiff_t>(limit);
        std::nth_element(totals.begin(), middle, totals.end(), std::greater<>());
        least = *middle + 1;
    }
    PictureTree& out = result.tree;
    out.timed = tree.timed;
    out.unit = tree.unit;
    out.compares = tree.compares;
    reserve(out, std::min(tree.size(), 2 * limit));
    std::vector<std::uint32_t> new_label(tree.labels.size(), kNone);
    std::uint32_t small = kNone;
    std::vector<std::uint32_t> path;  // the kept ancestors, as rows of `out`
    for (std::size_t i = 0; i < tree.size();) {
        const std::uint32_t depth = tree.depth[i];
        path.resize(depth);
        const std::uint32_t parent = path.empty() ? 0 : path.back();
        if (i == 0 || tree.total[i] >= least) {
            std::uint32_t& id = new_label[tree.label[i]];
            if (id == kNone) {
                id = static_cast<std::uint32_t>(out.labels.size());
                out.labels.push_back(tree.labels[tree.label[i]]);
            }
            path.push_back(static_cast<std::uint32_t>(out.size()));
            add(out, depth, id, parent, tree.samples[i], tree.self[i]);
            ++i;
            continue;
        }
        // Siblings fall in size: everything up to the parent's end is dropped.
        const std::size_t stop = tree.end[tree.parent[i]];
        std::uint64_t samples = 0;
        std::uint64_t self = 0;
        for (std::size_t k = i; k < stop; ++k) {
            samples += tree.samples[k];
            self += tree.self[k];
        }
        if (small == kNone) {
            small = static_cast<std::uint32_t>(out.labels.size());
            out.labels.push_back(label);
        }
        add(out, depth, small, parent, samples, self);
        result.dropped += stop - i;
        i = stop;
    }
    lay_out(out);
    return result;
}

}  // namespace lampyr::exporter
