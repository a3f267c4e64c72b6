// SPDX-License-Identifier: MIT
#include "export/flamegraph/picture_file.hpp"

#include "base/escape.hpp"
#include "export/flamegraph/geometry.hpp"
#include "export/flamegraph/label_text.hpp"
#include "export/flamegraph/static_layer.hpp"
#include "export/flamegraph/tree_data.hpp"
#include "export/flamegraph_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lampyr::exporter {
namespace {

/// Collects the file; hands it on in large pieces and remembers whether the sink still wants more.
class Output {
  public:
    explicit Output(ByteSink& sink) : sink_(sink) {}

    template <typename... Args>
    void put(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(buffer_), format, std::forward<Args>(args)...);
    }
    void put_raw(std::string_view text) {
        buffer_ += text;
        if (buffer_.size() > kPiece) flush();
    }
    void flush() {
        good_ = good_ && sink_.write(buffer_);
        buffer_.clear();
    }
    [[nodiscard]] bool good() const { return good_; }

  private:
    static constexpr std::size_t kPiece = 256 * 1024;
    ByteSink& sink_;
    std::string buffer_;
    bool good_ = true;
};

void put_style(Output& out, const Palette& palette) {
    out.put_raw("<style><![CDATA[");
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        for (std::size_t shade = 0; shade < kShades; ++shade) {
            out.put(".k{}{}{{fill:{}}}", kind, shade, palette.light.at(kind).at(shade));
        }
    }
    out.put_raw(".rest{fill:url(#lampyr-small)}.mark{fill:url(#lampyr-mark)}\n");
    out.put_raw(kStyle);
    out.put_raw("@media (prefers-color-scheme: dark){");
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        for (std::size_t shade = 0; shade < kShades; ++shade) {
            out.put(".k{}{}{{fill:{}}}", kind, shade, palette.dark.at(kind).at(shade));
        }
    }
    out.put_raw("}]]></style>\n");
}

void put_hatch(Output& out, std::string_view id, std::string_view ground, std::string_view stroke, double width) {
    out.put(R"(<pattern id="lampyr-{}" width="6" height="6" patternUnits="userSpaceOnUse" )"
            R"x(patternTransform="rotate(45)"><rect width="6" height="6" fill="{}"/>)x"
            R"(<path d="M0 0V6" stroke="{}" stroke-width="{}"/></pattern>)",
            id, ground, stroke, width);
}

void put_head(Output& out, const Picture& picture, double height) {
    const auto& [tree, words, legend, palette] = picture;
    std::string fills;
    std::string kinds;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        for (std::size_t shade = 0; shade < kShades; ++shade) {
            fills += fmt::format("{}{}", fills.empty() ? "" : " ", palette.light.at(kind).at(shade));
        }
        kinds += fmt::format("{}{}", kind == 0 ? "" : ",", palette.words.at(kind));
    }
    out.put(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" )"
        R"(data-height="{1}" data-fills="{2}" data-kinds="{3}" font-size="12" )"
        R"(font-family="system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">)"
        "\n<title>{4}: flame graph</title>\n<desc>Flame graph of {5} frames, made by lampyr. {6}</desc>\n",
        kWidth, height, fills, kinds, base::xml_text(words.title), grouped(tree.size()),
        base::xml_text(words.subtitle));
    put_style(out, palette);
    out.put_raw("<defs>");
    put_hatch(out, "small", "#e9ecf1", "#b7bfcc", 1.6);
    put_hatch(out, "mark", "#dcdcdc", "#9b9b9b", 2.4);
    put_hatch(out, "small-dark", "#232730", "#434b59", 1.6);
    put_hatch(out, "mark-dark", "#343434", "#6b6b6b", 2.4);
    out.put_raw("</defs>\n");
    out.put(R"(<rect class="bg" width="{}" height="{}" fill="#fff"/>)"
            "\n"
            R"(<text class="title ink" x="10" y="30" font-size="18" font-weight="700" fill="#1b1e23">{}</text>)"
            "\n"
            R"(<text class="sub dim" x="10" y="54" fill="#5b6472">{}</text>)"
            "\n",
            kWidth, height, base::xml_text(cut_to(words.title, 80).text), base::xml_text(words.subtitle));
}

/// Places items of one line after another; the y of the line below the last.
class Flow {
  public:
    explicit Flow(double y) : y_(y) {}
    struct Place {
        double x;
        double y;
    };
    Place next(double width) {
        if (x_ > kPad && x_ + width > kWidth - kPad) {
            x_ = kPad;
            y_ += 17;
        }
        const Place place{x_, y_};
        x_ += width + 18;
        return place;
    }
    [[nodiscard]] double below() const { return y_ + 17; }

  private:
    double x_ = kPad;
    double y_;
};

std::string legend(const std::vector<LegendItem>& items, double& y) {
    std::string svg = R"(<g class="legend">)";
    Flow flow(y);
    for (const LegendItem& item : items) {
        const Flow::Place place = flow.next(17 + kProseColumn * static_cast<double>(item.text.size()));
        svg += fmt::format(
            R"x(<g transform="translate({:.1f},{})"><rect class="{}" y="-10" width="12" height="12" rx="2" )x"
            R"(fill="{}"/><text class="ink" x="17" fill="#1b1e23">{}</text></g>)",
            place.x, place.y, item.colour_class, item.fill, base::xml_text(item.text));
    }
    y = flow.below() - 4;
    return svg + "</g>\n";
}

std::string footer(const Captions& words, double& y) {
    std::string svg = R"(<g class="foot" fill="#5b6472">)";
    Flow flow(y);
    for (const std::string& fact : words.facts) {
        const CutText cut = cut_to(fact, static_cast<std::size_t>(kInner / kProseColumn));
        const Flow::Place place = flow.next(kProseColumn * static_cast<double>(cut.columns));
        svg += fmt::format(R"x(<text class="dim" transform="translate({:.1f},{})">{}</text>)x", place.x, place.y,
                           base::xml_text(fact));
    }
    y = flow.below() - 8;
    return svg + "</g>\n";
}

}  // namespace

Result<void> write_picture(Picture picture, ByteSink& sink) {
    const PictureTree& tree = picture.tree;
    Captions& words = picture.words;
    double y = 76;
    const std::string key = legend(picture.legend, y);
    const StaticLayer layer = draw_static(tree, picture.palette, y);
    const TreeData data = encode_tree(tree);
    if (data.dropped != 0) {
        words.facts.push_back(fmt::format("{} small frames are summed to keep this file small", grouped(data.dropped)));
    }
    if (data.longest != 0) words.facts.push_back(fmt::format("names cut after {} bytes", data.longest));
    y += static_cast<double>(layer.rows) * kRow;
    const double hint = y + 16;  // the script writes here what the pointer is at
    y += 40;
    const std::string foot = footer(words, y);

    Output out(sink);
    put_head(out, picture, y);
    out.put_raw(key);
    out.put_raw(
        "<g class=\"flames\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, "
        "'Liberation Mono', monospace\" font-size=\"11\">\n");
    out.put_raw(layer.svg);
    out.put_raw("</g>\n");
    out.put(
        R"(<text class="hint ink" x="10" y="{}" fill="#1b1e23">Open this file in a browser to zoom and search.</text>)"
        "\n",
        hint);
    out.put_raw(foot);
    // Below 0 tells the script that there are two profiles.
    out.put(R"(<metadata class="data" data-unit="{}">)", tree.compares ? "-1" : fmt::to_string(tree.unit));
    out.put_raw(data.base64);
    out.put_raw("</metadata>\n");
    out.put_raw(kControls);
    out.put_raw("<script><![CDATA[");
    out.put_raw(kScript);
    out.put_raw("]]></script>\n</svg>\n");
    out.flush();
    if (!out.good()) return Error{ErrorCode::kOutput, "the flame graph could not be written", "", 0};
    return {};
}

}  // namespace lampyr::exporter
