// SPDX-License-Identifier: MIT
#include "export/flamegraph/static_layer.hpp"

#include "base/escape.hpp"
#include "export/flamegraph/geometry.hpp"
#include "export/flamegraph/label_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace lampyr::exporter {
namespace {

constexpr std::size_t kMostElements = 6000;
constexpr std::uint32_t kMostRows = 96;
constexpr double kLeastWidth = 1.5;
constexpr double kTextWidth = 4 * kColumn;  // narrower boxes have no text

enum class BoxKind : std::uint8_t { kFrame, kSmall, kDeeper };

struct Box {
    BoxKind kind = BoxKind::kFrame;
    std::uint32_t frame = 0;  ///< the frame; for kSmall the first of the frames summed up; for kDeeper the frame above
    double x = 0;
    double width = 0;
    std::uint32_t row = 0;
};

/// Boxes at least `least` wide, in preorder.
std::vector<Box> choose_boxes(const PictureTree& tree, double least) {
    std::vector<Box> boxes;
    const double scale = kInner / std::max(1.0, static_cast<double>(tree.total.front()));
    const auto place = [&](BoxKind kind, std::uint32_t i, std::uint32_t row, std::uint64_t from, std::uint64_t to) {
        boxes.push_back({kind, i, static_cast<double>(from) * scale, static_cast<double>(to - from) * scale, row});
    };
    for (std::uint32_t i = 0; i < tree.size();) {
        const std::uint32_t row = tree.depth[i];
        const std::uint64_t from = tree.start[i];
        if (i != 0 && static_cast<double>(tree.total[i]) * scale < least) {
            const std::uint32_t parent = tree.parent[i];  // siblings fall in size: all that follow are small too
            const std::uint64_t to = tree.children_end(parent);
            if (static_cast<double>(to - from) * scale >= std::min(least, 1.0) / 2) {
                place(BoxKind::kSmall, i, row, from, to);
            }
            i = tree.end[parent];
            continue;
        }
        place(BoxKind::kFrame, i, row, from, from + tree.total[i]);
        if (row + 2 < kMostRows || tree.end[i] == i + 1) {
            ++i;
            continue;
        }
        place(BoxKind::kDeeper, i, row + 1, from, tree.children_end(i));
        i = tree.end[i];
    }
    return boxes;
}

std::size_t elements(const std::vector<Box>& boxes) {
    std::size_t count = 0;
    for (const Box& box : boxes) count += box.width >= kTextWidth ? 4 : 2;  // rect, title, text, tspan
    return count;
}

std::string full_label(const FrameLabel& label) {
    if (label.file.empty()) return label.name;
    return label.line != 0 ? fmt::format("{} ({}:{})", label.name, label.file, label.line)
                           : fmt::format("{} ({})", label.name, label.file);
}

class Painter {
  public:
    Painter(const PictureTree& tree, const Palette& palette, double top) : tree_(tree), palette_(palette), top_(top) {}

    void paint(const Box& box);
    [[nodiscard]] std::string take() && { return std::move(shapes_) + texts_; }

  private:
    struct Words {
        std::string name;   ///< drawn
        std::string place;  ///< drawn after it, fainter
        std::string tip;    ///< already XML
    };
    [[nodiscard]] Words words_for(const Box& box) const;
    [[nodiscard]] std::string amount(std::uint64_t width, std::uint64_t samples) const;

    const PictureTree& tree_;
    const Palette& palette_;
    double top_;
    std::string shapes_;
    std::string texts_;
};

std::string Painter::amount(std::uint64_t width, std::uint64_t samples) const {
    if (tree_.compares) {
        const std::uint64_t all = tree_.all_samples.front();
        return fmt::format(
            "{} -> {}", percent(static_cast<double>(width - samples), static_cast<double>(tree_.total.front() - all)),
            percent(static_cast<double>(samples), static_cast<double>(all)));
    }
    const std::string time =
        tree_.unit != 0 ? seconds(static_cast<double>(width) * static_cast<double>(tree_.unit)) + ", " : "";
    return fmt::format("{}{} sample{}, {}", time, grouped(samples), samples == 1 ? "" : "s",
                       percent(static_cast<double>(width), static_cast<double>(tree_.total.front())));
}

/// Two lines, escaped.
std::string tip(std::string_view name, std::string_view amount) {
    return fmt::format("{}\n{}", base::xml_text(name), base::xml_text(amount));
}

Painter::Words Painter::words_for(const Box& box) const {
    const std::uint32_t i = box.frame;
    Words words;
    if (box.kind == BoxKind::kFrame) {
        const FrameLabel& label = tree_.labels[tree_.label[i]];
        words.name = label.name;
        if (!label.file.empty()) words.place = full_label({"", label.file, label.line});
        words.tip = tip(full_label(label), amount(tree_.total[i], tree_.all_samples[i]));
        return words;
    }
    const bool deeper = box.kind == BoxKind::kDeeper;
    const std::size_t first = deeper ? i + 1 : i;
    const std::size_t last = tree_.end[deeper ? i : tree_.parent[i]];
    std::uint64_t width = 0;
    std::uint64_t samples = 0;
    for (std::size_t k = first; k < last; k = tree_.end[k]) {
        width += tree_.total[k];
        samples += tree_.all_samples[k];
    }
    if (deeper) {
        const std::uint32_t deepest = *std::max_element(tree_.depth.begin() + i, tree_.depth.begin() + tree_.end[i]);
        const std::uint32_t rows = deepest - tree_.depth[i];
        words.name = fmt::format("… {} row{} deeper", grouped(rows), rows == 1 ? "" : "s");
    } else {
        words.name = fmt::format("{} small frame{}, {}", grouped(last - first), last - first == 1 ? "" : "s",
                                 percent(static_cast<double>(width), static_cast<double>(tree_.total.front())));
    }
    words.tip = tip(words.name, amount(width, samples));
    return words;
}

void Painter::paint(const Box& box) {
    const Words words = words_for(box);
    const FrameLabel* label = box.kind == BoxKind::kFrame ? &tree_.labels[tree_.label[box.frame]] : nullptr;
    const double y = top_ + box.row * kRow;
    const double gap = box.width > 3 ? 1 : box.width > 1.5 ? 0.4 : 0;
    auto out = std::back_inserter(shapes_);
    fmt::format_to(out, R"(<rect x="{:.2f}" y="{}" width="{:.2f}" height="{}")", kPad + box.x, y,
                   std::max(0.2, box.width - gap), kRow - 1);
    if (box.width > 5) shapes_ += R"( rx="2")";
    if (label == nullptr) {
        shapes_ += R"x( class="rest" fill="url(#lampyr-small)">)x";
    } else if (label->kind + 1U >= kKinds && label->name.starts_with('(')) {
        shapes_ += R"x( class="mark" fill="url(#lampyr-mark)">)x";
    } else {
        const std::size_t kind = std::min<std::size_t>(label->kind, kKinds - 1);
        fmt::format_to(out, R"( class="k{}{}" fill="{}">)", kind, label->shade,
                       palette_.light.at(kind).at(label->shade));
    }
    fmt::format_to(out, "<title>{}</title></rect>\n", words.tip);
    if (box.width < kTextWidth) return;
    const auto room = static_cast<std::size_t>((box.width - 8) / kColumn);
    if (room < 3) return;
    const CutText name = cut_to(words.name, room);
    fmt::format_to(std::back_inserter(texts_),
                   R"(<text class="t" pointer-events="none" x="{:.1f}" y="{}" fill="#1b1e23">{})", kPad + box.x + 4,
                   y + 12.5, base::xml_text(name.text));
    if (!words.place.empty() && room > name.columns + 6) {
        fmt::format_to(std::back_inserter(texts_), R"(<tspan fill-opacity=".62">{}</tspan>)",
                       base::xml_text(cut_to(words.place, room - name.columns).text));
    }
    texts_ += "</text>\n";
}

}  // namespace

StaticLayer draw_static(const PictureTree& tree, const Palette& palette, double top) {
    std::vector<Box> boxes;
    for (double least = kLeastWidth;; least *= 1.5) {
        boxes = choose_boxes(tree, least);
        if (elements(boxes) <= kMostElements || least > kInner) break;
    }
    StaticLayer layer;
    Painter painter(tree, palette, top);
    for (const Box& box : boxes) {
        painter.paint(box);
        layer.rows = std::max<std::size_t>(layer.rows, box.row + 1);
    }
    layer.svg = std::move(painter).take();
    return layer;
}

}  // namespace lampyr::exporter
