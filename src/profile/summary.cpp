// SPDX-License-Identifier: MIT
#include "profile/call_tree.hpp"
#include "profile/sample_length.hpp"

#include <lampyr/summary.hpp>

#include <algorithm>
#include <tuple>

namespace lampyr {

namespace {

/// Self and total by label. A label's total is that of its outermost nodes, so recursion counts a stack once.
std::vector<TopEntry> entries_of(const profile::CallTree& tree) {
    std::vector<TopEntry> entries(tree.labels.size());
    std::vector<std::uint32_t> on_path(tree.labels.size(), 0);
    std::vector<std::uint32_t> path;  // labels of the nodes above, the root left out
    for (std::size_t i = 1; i < tree.nodes.size(); ++i) {
        const profile::CallTree::Node& node = tree.nodes[i];
        while (path.size() + 1 > node.depth) {
            --on_path[path.back()];
            path.pop_back();
        }
        TopEntry& entry = entries[node.label];
        entry.self += std::chrono::nanoseconds(node.self);
        if (on_path[node.label] == 0) entry.total += std::chrono::nanoseconds(node.total);
        ++on_path[node.label];
        path.push_back(node.label);
    }
    const double all = static_cast<double>(tree.total());
    for (std::size_t label = 0; label < entries.size(); ++label) {
        entries[label].label = tree.labels[label];
        if (all <= 0) continue;
        entries[label].self_share = static_cast<double>(entries[label].self.count()) / all;
        entries[label].total_share = static_cast<double>(entries[label].total.count()) / all;
    }
    return entries;
}

std::vector<TopEntry> top(const Profile& profile, std::size_t count, Lines lines) {
    profile::TreeOptions options;
    options.lines = lines;
    if (profile::has_weights(profile)) options.measure = profile::TreeOptions::Measure::kWeight;
    std::vector<TopEntry> entries = entries_of(profile::build_call_tree(profile, options));
    std::erase_if(entries, [](const TopEntry& entry) { return entry.self.count() == 0; });
    std::sort(entries.begin(), entries.end(), [](const TopEntry& a, const TopEntry& b) {
        return std::tie(b.self, b.total, a.label) < std::tie(a.self, a.total, b.label);
    });
    if (entries.size() > count) entries.resize(count);
    return entries;
}

}  // namespace

std::vector<TopEntry> top_functions(const Profile& profile, std::size_t count) {
    return top(profile, count, Lines::kFunction);
}

std::vector<TopEntry> top_lines(const Profile& profile, std::size_t count) { return top(profile, count, Lines::kLine); }

}  // namespace lampyr
