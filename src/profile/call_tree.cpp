// SPDX-License-Identifier: MIT
#include "profile/call_tree.hpp"

#include "profile/labels.hpp"
#include "profile/pair_index.hpp"
#include "profile/string_table.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace lampyr::profile {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

using Node = CallTree::Node;

/// Grows the tree in order of arrival: parents before children, labels as met. `finish` brings it into its final order.
class TreeGrower {
  public:
    TreeGrower(const Profile& profile, const TreeOptions& options)
        : profile_(profile),
          options_(options),
          label_of_frame_(profile.frames.size(), kNone),
          node_of_stack_(profile.stacks.size(), kNone) {
        nodes_.push_back(Node{.label = label_of("all")});
    }

    void add_samples();
    [[nodiscard]] CallTree finish() &&;

  private:
    [[nodiscard]] std::uint32_t label_of(std::string_view text) { return labels_.intern(text).value; }
    [[nodiscard]] std::uint32_t label_of(FrameId frame);
    [[nodiscard]] std::uint32_t child(std::uint32_t parent, std::uint32_t label, FunctionKind kind);
    [[nodiscard]] std::uint32_t base_of(ThreadId thread);
    [[nodiscard]] std::uint32_t node_of(std::uint32_t base, StackId stack);
    [[nodiscard]] std::vector<std::uint32_t> rank_labels(std::vector<std::string>& sorted);
    void add_totals();
    [[nodiscard]] std::vector<std::uint32_t> ordered_nodes() const;

    const Profile& profile_;
    const TreeOptions& options_;
    std::vector<std::uint32_t> label_of_frame_;
    std::vector<std::uint32_t> node_of_stack_;  // below the base being worked on
    std::vector<std::uint32_t> touched_;        // entries of node_of_stack_ to forget when the base changes
    std::vector<std::uint32_t> path_;
    std::vector<Node> nodes_;
    StringTable labels_;
    PairIndex children_;  // (parent, label) → node
};

std::uint32_t TreeGrower::label_of(FrameId frame) {
    std::uint32_t& label = label_of_frame_[frame.value];
    if (label == kNone) label = label_of(frame_label(profile_, frame, options_.lines, options_.full_filenames));
    return label;
}

std::uint32_t TreeGrower::child(std::uint32_t parent, std::uint32_t label, FunctionKind kind) {
    const std::uint32_t found = children_.find(parent, label);
    if (found != PairIndex::kNone) {
        nodes_[found].kind = std::min(nodes_[found].kind, kind);
        return found;
    }
    const auto node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(Node{.parent = parent, .depth = nodes_[parent].depth + 1, .label = label, .kind = kind});
    children_.insert(parent, label, node);
    return node;
}

/// The node above a thread's stacks.
std::uint32_t TreeGrower::base_of(ThreadId thread) {
    std::uint32_t base = 0;
    if (options_.processes) {
        const ProcessId process = profile_.threads[thread.value].process;
        base = child(base, label_of(process_label(profile_, process)), FunctionKind::kMarker);
    }
    if (options_.threads) base = child(base, label_of(thread_label(profile_, thread)), FunctionKind::kMarker);
    return base;
}

std::uint32_t TreeGrower::node_of(std::uint32_t base, StackId stack) {
    if (stack == kEmptyStack) return child(base, label_of(kNoFrames), FunctionKind::kMarker);
    path_.clear();
    StackId at = stack;
    while (at != kEmptyStack && node_of_stack_[at.value] == kNone) {
        path_.push_back(at.value);
        at = profile_.stacks[at.value].parent;
    }
    std::uint32_t node = at == kEmptyStack ? base : node_of_stack_[at.value];
    for (auto row = path_.rbegin(); row != path_.rend(); ++row) {
        const FrameId frame = profile_.stacks[*row].frame;
        node = child(node, label_of(frame), profile_.function(frame).kind);
        node_of_stack_[*row] = node;
        touched_.push_back(*row);
    }
    return node;
}

void TreeGrower::add_samples() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> by_base;  // (base node, sample)
    by_base.reserve(profile_.samples.size());
    std::vector<std::uint32_t> base_of_thread(profile_.threads.size(), kNone);
    for (std::uint32_t row = 0; row < profile_.samples.size(); ++row) {
        const ThreadId thread = profile_.samples[row].thread;
        std::uint32_t& base = base_of_thread[thread.value];
        if (base == kNone) base = base_of(thread);
        by_base.emplace_back(base, row);
    }
    std::sort(by_base.begin(), by_base.end());
    std::uint32_t current = kNone;
    for (const auto& [base, row] : by_base) {
        if (base != current) {
            for (const std::uint32_t stack : touched_) node_of_stack_[stack] = kNone;
            touched_.clear();
            current = base;
        }
        const Sample& sample = profile_.samples[row];
        const std::uint64_t amount = options_.measure == TreeOptions::Measure::kCount
                                         ? sample.count
                                         : static_cast<std::uint64_t>(std::max<std::int64_t>(sample.weight.count(), 0));
        nodes_[node_of(base, sample.stack)].self += amount;
    }
}

void TreeGrower::add_totals() {
    for (Node& node : nodes_) node.total = node.self;
    for (std::size_t i = nodes_.size() - 1; i > 0; --i) nodes_[nodes_[i].parent].total += nodes_[i].total;
}

/// Moves the labels, in byte order, to `sorted` and says where each went.
std::vector<std::uint32_t> TreeGrower::rank_labels(std::vector<std::string>& sorted) {
    std::vector<std::string> texts = std::move(labels_).take();
    std::vector<bool> used(texts.size(), false);
    for (const Node& node : nodes_) used[node.label] = true;
    std::vector<std::uint32_t> order(texts.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return texts[a] < texts[b]; });
    std::vector<std::uint32_t> rank(texts.size(), 0);
    for (const std::uint32_t label : order) {
        if (!used[label]) continue;
        rank[label] = static_cast<std::uint32_t>(sorted.size());
        sorted.push_back(std::move(texts[label]));
    }
    return rank;
}

/// Old node numbers in preorder, siblings as the options want them.
std::vector<std::uint32_t> TreeGrower::ordered_nodes() const {
    // Children of one parent stand together, last sibling first, so that a stack hands out the first one first.
    std::vector<std::uint32_t> by_parent(nodes_.size() - 1);
    std::iota(by_parent.begin(), by_parent.end(), 1U);
    const bool by_total = options_.order == TreeOptions::Order::kTotal;
    std::sort(by_parent.begin(), by_parent.end(), [&](std::uint32_t a, std::uint32_t b) {
        const Node& left = nodes_[a];
        const Node& right = nodes_[b];
        if (left.parent != right.parent) return left.parent < right.parent;
        if (by_total && left.total != right.total) return left.total < right.total;
        return left.label > right.label;
    });
    std::vector<std::uint32_t> first(nodes_.size() + 1, 0);
    for (std::size_t i = 1; i < nodes_.size(); ++i) ++first[nodes_[i].parent + std::size_t{1}];
    std::partial_sum(first.begin(), first.end(), first.begin());

    std::vector<std::uint32_t> preorder;
    preorder.reserve(nodes_.size());
    std::vector<std::uint32_t> waiting{0};
    while (!waiting.empty()) {
        const std::uint32_t node = waiting.back();
        waiting.pop_back();
        preorder.push_back(node);
        for (std::uint32_t i = first[node]; i < first[node + std::size_t{1}]; ++i) waiting.push_back(by_parent[i]);
    }
    return preorder;
}

CallTree TreeGrower::finish() && {
    CallTree tree;
    const std::vector<std::uint32_t> rank = rank_labels(tree.labels);
    for (Node& node : nodes_) node.label = rank[node.label];
    add_totals();
    const std::vector<std::uint32_t> preorder = ordered_nodes();
    std::vector<std::uint32_t> place(nodes_.size());
    for (std::uint32_t i = 0; i < preorder.size(); ++i) place[preorder[i]] = i;

    tree.nodes.reserve(nodes_.size());
    for (const std::uint32_t old : preorder) {
        Node node = nodes_[old];
        if (node.parent != CallTree::kNoParent) node.parent = place[node.parent];
        node.subtree_end = static_cast<std::uint32_t>(tree.nodes.size() + 1);
        tree.max_depth = std::max(tree.max_depth, node.depth);
        tree.nodes.push_back(node);
    }
    for (std::size_t i = tree.nodes.size() - 1; i > 0; --i) {
        Node& parent = tree.nodes[tree.nodes[i].parent];
        parent.subtree_end = std::max(parent.subtree_end, tree.nodes[i].subtree_end);
    }
    return tree;
}

}  // namespace

CallTree build_call_tree(const Profile& profile, const TreeOptions& options) {
    TreeGrower grower(profile, options);
    grower.add_samples();
    return std::move(grower).finish();
}

}  // namespace lampyr::profile
