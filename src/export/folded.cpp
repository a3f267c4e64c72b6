// SPDX-License-Identifier: MIT
#include "export/folded.hpp"

#include "base/escape.hpp"
#include "export/buffered_output.hpp"
#include "profile/call_tree.hpp"

#include <fmt/format.h>

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
    return profile::build_call_tree(profile, tree);
}

}  // namespace

Result<void> write_folded(const Profile& profile, const ExportOptions& options, ByteSink& sink) {
    const profile::CallTree tree = tree_of(profile, options);
    std::vector<std::string> frames;
    frames.reserve(tree.labels.size());
    for (const std::string& label : tree.labels) frames.push_back(base::folded_frame(label));

    BufferedOutput out(sink);
    std::string stack;              // frames of the node at hand, joined
    std::vector<std::size_t> ends;  // length of `stack` up to each depth
    for (std::size_t i = 1; i < tree.nodes.size() && out.ok(); ++i) {
        const profile::CallTree::Node& node = tree.nodes[i];
        ends.resize(node.depth - std::size_t{1});
        stack.resize(ends.empty() ? 0 : ends.back());
        if (!ends.empty()) stack.push_back(';');
        stack += frames[node.label];
        ends.push_back(stack.size());
        if (node.self == 0) continue;
        out.write(stack);
        out.write(fmt::format(" {}\n", node.self));
    }
    return out.flush();
}

}  // namespace lampyr::exporter
