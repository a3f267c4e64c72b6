// SPDX-License-Identifier: MIT
#include "export/folded.hpp"

#include "base/escape.hpp"
#include "export/buffered_output.hpp"
#include "profile/call_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace lampyr::exporter {

namespace {

profile::CallTree tree_of(const Profile& profile, const ExportOptions& options) {
    profile::TreeOptions tree;
    tree.lines = options.lines;
    tree.threads = options.threads;
    tree.processes = options.processes;
    tree.full_filenames = options.full_filenames;
    if (profile.info.interval.count() > 0) tree.measure = profile::TreeOptions::Measure::kWeight;
    return profile::build_call_tree(profile, tree);
}

/// What each node's own line counts. Time becomes whole intervals, and what rounding took from or gave to one line goes to
/// the next one in the tree's order: so a count is off by less than one, and every sum of neighbours too.
std::vector<std::uint64_t> counts_of(const profile::CallTree& tree, std::chrono::nanoseconds interval) {
    std::vector<std::uint64_t> counts(tree.nodes.size());
    const auto unit = static_cast<std::uint64_t>(std::max<std::int64_t>(interval.count(), 1));
    std::uint64_t exact = 0;
    std::uint64_t counted = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        exact += tree.nodes[i].self;
        counts[i] = (exact + unit / 2) / unit - counted;
        counted += counts[i];
    }
    return counts;
}

/// Writes a tree's lines in byte order. Preorder would nearly do, but a frame can begin with another one's whole text:
/// `f 3` comes before `f (m.py:1) 3`, and that before `f;g 3`. So each node is two items among its siblings, its own line
/// and the lines below it, sorted as the text they begin with.
class FoldedWriter {
  public:
    FoldedWriter(const profile::CallTree& tree, std::chrono::nanoseconds interval, ByteSink& sink)
        : tree_(tree), counts_(counts_of(tree, interval)), out_(sink) {
        frames_.reserve(tree.labels.size());
        for (const std::string& label : tree.labels) frames_.push_back(base::folded_frame(label));
    }

    [[nodiscard]] Result<void> write();

  private:
    struct Item {
        std::uint32_t node;
        bool own_line;
        std::size_t prefix;  ///< length of the text of the frames above
    };
    [[nodiscard]] const std::string& frame(const Item& item) const { return frames_[tree_.nodes[item.node].label]; }
    [[nodiscard]] std::string text(const Item& item) const {
        return item.own_line ? fmt::format("{} {}", frame(item), counts_[item.node]) : frame(item) + ';';
    }
    [[nodiscard]] bool comes_before(const Item& a, const Item& b) const;
    void wait_for_children(std::uint32_t node);

    const profile::CallTree& tree_;
    std::vector<std::uint64_t> counts_;  // by node
    BufferedOutput out_;
    std::vector<std::string> frames_;  // by label
    std::string stack_;                // the frames above the item at hand and its own
    std::vector<Item> waiting_;        // the next one last
};

bool FoldedWriter::comes_before(const Item& a, const Item& b) const {
    const std::string& left = frame(a);
    const std::string& right = frame(b);
    if (!left.starts_with(right) && !right.starts_with(left)) return left < right;
    return text(a) < text(b);
}

void FoldedWriter::wait_for_children(std::uint32_t node) {
    const auto first = static_cast<std::ptrdiff_t>(waiting_.size());
    for (std::uint32_t child = node + 1; child < tree_.nodes[node].subtree_end;
         child = tree_.nodes[child].subtree_end) {
        if (counts_[child] != 0) waiting_.push_back({child, true, stack_.size()});
        if (!tree_.is_leaf(child)) waiting_.push_back({child, false, stack_.size()});
    }
    std::sort(waiting_.begin() + first, waiting_.end(),
              [this](const Item& a, const Item& b) { return comes_before(b, a); });
}

Result<void> FoldedWriter::write() {
    wait_for_children(0);
    while (!waiting_.empty() && out_.ok()) {
        const Item item = waiting_.back();
        waiting_.pop_back();
        stack_.resize(item.prefix);
        stack_ += frame(item);
        if (item.own_line) {
            out_.write(stack_);
            out_.write(fmt::format(" {}\n", counts_[item.node]));
        } else {
            stack_ += ';';
            wait_for_children(item.node);
        }
    }
    return out_.flush();
}

}  // namespace

Result<void> write_folded(const Profile& profile, const ExportOptions& options, ByteSink& sink) {
    const profile::CallTree tree = tree_of(profile, options);
    return FoldedWriter(tree, profile.info.interval, sink).write();
}

}  // namespace lampyr::exporter
