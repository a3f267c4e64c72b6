// SPDX-License-Identifier: MIT
#include "export/flamegraph/flamegraph.hpp"

#include "export/flamegraph/captions.hpp"
#include "export/flamegraph/label_text.hpp"
#include "export/flamegraph/palette.hpp"
#include "export/flamegraph/picture_file.hpp"
#include "profile/call_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace lampyr::exporter {
namespace {

constexpr std::size_t kLabelBytes = 400;

/// "name (file:line)" taken apart; a label without a place is all name.
FrameLabel take_apart(std::string_view text) {
    FrameLabel label;
    const std::size_t at = text.rfind(" (");
    if (text.ends_with(')') && at != std::string_view::npos && at > 0) {
        std::string_view place = text.substr(at + 2, text.size() - at - 3);
        const std::size_t colon = place.rfind(':');
        const std::string_view digits = colon == std::string_view::npos ? "" : place.substr(colon + 1);
        if (!digits.empty() && digits.size() < 10 && digits.front() != '0' &&
            std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            for (const char c : digits) label.line = label.line * 10 + static_cast<std::uint32_t>(c - '0');
            place = place.substr(0, colon);
        }
        label.file = shown(place, kLabelBytes);
        text = text.substr(0, at);
    }
    label.name = shown(text, kLabelBytes);
    label.shade = shade_of(label.name);
    return label;
}

profile::TreeOptions tree_options(const ExportOptions& options, profile::TreeOptions::Measure measure) {
    profile::TreeOptions tree;
    tree.lines = options.lines;
    tree.threads = options.threads;
    tree.processes = options.processes;
    tree.full_filenames = options.full_filenames;
    tree.measure = measure;
    tree.order = profile::TreeOptions::Order::kLabel;
    return tree;
}

/// The nanoseconds every sample stands for, if it is the same for all; 0 when nobody measured.
std::optional<std::uint64_t> time_of_each(const Profile& profile) {
    std::optional<std::uint64_t> each;
    for (const Sample& sample : profile.samples) {
        if (sample.count == 0 && sample.weight.count() <= 0) continue;
        if (sample.count == 0 || sample.weight.count() < 0) return std::nullopt;
        const auto weight = static_cast<std::uint64_t>(sample.weight.count());
        if (!each) each = weight / sample.count;
        if (weight % sample.count != 0 || weight / sample.count != *each) return std::nullopt;
    }
    return each.value_or(0);
}

/// Samples and time of every frame: the same tree measured twice, since its order by label depends on neither.
PictureTree picture_tree(const Profile& profile, const ExportOptions& options) {
    using Measure = profile::TreeOptions::Measure;
    const profile::CallTree counts = profile::build_call_tree(profile, tree_options(options, Measure::kCount));
    std::vector<PictureNode> nodes(counts.nodes.size());
    std::vector<FrameLabel> labels;
    labels.reserve(counts.labels.size());
    for (const std::string& text : counts.labels) labels.push_back(take_apart(text));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const profile::CallTree::Node& node = counts.nodes[i];
        nodes[i] = {node.depth, node.label, node.self, 0};
    }
    for (std::size_t i = counts.nodes.size(); i-- > 0;) {
        // A label has one colour; where kinds share one, the first in the picture decides.
        labels[counts.nodes[i].label].kind = static_cast<std::uint8_t>(counts.nodes[i].kind);
    }
    const std::optional<std::uint64_t> each = time_of_each(profile);
    if (each) {
        for (PictureNode& node : nodes) node.time = node.samples * *each;
    } else {
        const profile::CallTree times = profile::build_call_tree(profile, tree_options(options, Measure::kWeight));
        for (std::size_t i = 0; i < nodes.size() && i < times.nodes.size(); ++i) nodes[i].time = times.nodes[i].self;
    }
    const auto interval = static_cast<std::uint64_t>(std::max<std::int64_t>(profile.info.interval.count(), 0));
    return arrange(nodes, std::move(labels), interval);
}

/// The kinds that occur, each with its share of the time the picture shows.
std::vector<LegendItem> legend_of(const PictureTree& tree) {
    std::array<std::uint64_t, kKinds> self{};
    std::array<bool, kKinds> seen{};
    for (std::size_t i = 1; i < tree.size(); ++i) {
        const FrameLabel& label = tree.labels[tree.label[i]];
        self.at(label.kind) += tree.self[i];
        if (label.kind + 1U < kKinds || label.name.starts_with('(')) seen.at(label.kind) = true;
    }
    std::vector<LegendItem> items;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        if (!seen.at(kind)) continue;
        const bool marker = kind + 1 == kKinds;
        items.push_back(
            {marker ? "url(#lampyr-mark)" : std::string(kind_palette().light.at(kind).at(2)),
             marker ? "mark" : fmt::format("k{}2", kind),
             fmt::format("{} {}", marker ? "unproven or lost" : kind_palette().words.at(kind),
                         percent(static_cast<double>(self.at(kind)), static_cast<double>(tree.total.front())))});
    }
    items.push_back({"url(#lampyr-small)", "rest", "small or deep frames, summed"});
    return items;
}

}  // namespace

Result<void> write_flamegraph(const Profile& profile, const ExportOptions& options, ByteSink& sink) {
    Picture picture{picture_tree(profile, options), {}, {}, kind_palette()};
    picture.words = captions(profile, options, picture.tree);
    picture.legend = legend_of(picture.tree);
    return write_picture(std::move(picture), sink);
}

}  // namespace lampyr::exporter
