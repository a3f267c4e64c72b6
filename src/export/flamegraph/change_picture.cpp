// SPDX-License-Identifier: MIT
#include "export/flamegraph/change_picture.hpp"

#include "export/flamegraph/label_text.hpp"
#include "export/flamegraph/picture_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

namespace lampyr::exporter {
namespace {

constexpr double kUnits = 1e7;  // of a whole side
constexpr std::size_t kLabelBytes = 400;
constexpr std::array<double, kShades - 1> kSteps{0.07, 0.15, 0.30, 0.60};  // of the larger share: where a shade begins
constexpr std::array<std::string_view, kKinds> kSigns{"▲ ", "▼ ", "", "✚ ", "✖ ", ""};

struct Look {
    Changed kind = Changed::kNoise;
    std::uint8_t shade = 0;
};

Look look_of(const ChangeNode& node, bool marker) {
    if (marker) return {Changed::kMarker, 0};
    if (node.noise) return {Changed::kNoise, 0};
    if (node.base_total <= 0) return {Changed::kOnlyNew, 0};
    if (node.now_total <= 0) return {Changed::kOnlyBase, 0};
    const double change = std::abs(node.now_total - node.base_total) / std::max(node.now_total, node.base_total);
    const auto shade =
        static_cast<std::uint8_t>(std::upper_bound(kSteps.begin(), kSteps.end(), change) - kSteps.begin());
    return {node.now_total > node.base_total ? Changed::kMore : Changed::kLess, shade};
}

/// Rounds running sums, so that every partial sum is within half a unit.
class Rounded {
  public:
    std::uint64_t next(double share) {
        exact_ += std::max(share, 0.0) * kUnits;
        const auto now = static_cast<std::uint64_t>(std::llround(exact_));
        const std::uint64_t step = now - told_;
        told_ = now;
        return step;
    }

  private:
    double exact_ = 0;
    std::uint64_t told_ = 0;
};

PictureTree tree_of(const ChangePicture& picture) {
    std::vector<PictureNode> nodes;
    std::vector<FrameLabel> labels{{"all", "", 0, static_cast<std::uint8_t>(Changed::kNoise), 0}};
    std::map<std::tuple<std::uint32_t, Changed, std::uint8_t>, std::uint32_t> label_of;
    Rounded base;
    Rounded now;
    for (std::size_t i = 0; i < picture.nodes.size(); ++i) {
        const ChangeNode& node = picture.nodes[i];
        std::uint32_t label = 0;
        if (i > 0) {
            const ChangePicture::Function& function = picture.functions[node.function];
            const Look look = look_of(node, function.marker);
            const auto [at, is_new] =
                label_of.try_emplace({node.function, look.kind, look.shade}, static_cast<std::uint32_t>(labels.size()));
            if (is_new) {
                const auto kind = static_cast<std::uint8_t>(look.kind);
                labels.push_back({std::string(kSigns.at(kind)) + shown(function.name, kLabelBytes),
                                  shown(function.file, kLabelBytes), function.line, kind, look.shade});
            }
            label = at->second;
        }
        const std::uint64_t now_units = now.next(node.now_self);
        nodes.push_back({node.depth, label, now_units, now_units + base.next(node.base_self)});
    }
    return arrange_both(nodes, std::move(labels));
}

std::vector<LegendItem> legend() {
    const Palette& palette = change_palette();
    std::vector<LegendItem> items;
    for (std::size_t kind = 0; kind + 1 < kKinds; ++kind) {
        const bool graded = kind < 2;
        for (const std::size_t shade : graded ? std::vector<std::size_t>{1, 4} : std::vector<std::size_t>{0}) {
            const std::string much = !graded ? "" : shade == 1 ? " (by 7 %)" : " (by 60 %)";
            items.push_back({std::string(palette.light.at(kind).at(shade)), fmt::format("k{}{}", kind, shade),
                             fmt::format("{}{}{}", kSigns.at(kind), palette.words.at(kind), much)});
        }
    }
    items.push_back({"url(#lampyr-small)", "rest", "small or deep frames, summed"});
    return items;
}

}  // namespace

Result<void> write_change_picture(const ChangePicture& picture, ByteSink& sink) {
    Captions words;
    words.title = shown(picture.title, 200);
    words.subtitle = fmt::format("Width is the mean of both shares; {} -> {}. Callers stand above what they call.",
                                 shown(picture.base_name, 60), shown(picture.now_name, 60));
    words.facts = picture.facts;
    return write_picture({tree_of(picture), std::move(words), legend(), change_palette()}, sink);
}

}  // namespace lampyr::exporter
