// SPDX-License-Identifier: MIT
#include "export/flamegraph/flamegraph.hpp"

#include "browser/svg_profiles.hpp"
#include "export/flamegraph/label_text.hpp"
#include "export/flamegraph/picture_tree.hpp"
#include "export/flamegraph/static_layer.hpp"
#include "export/flamegraph/tree_data.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::exporter {
namespace {

class Collect : public ByteSink {
  public:
    bool write(std::string_view bytes) override {
        text += bytes;
        return ++pieces != fail_at;
    }
    std::string text;
    int pieces = 0;
    int fail_at = 0;
};

std::string picture(const Profile& profile, const ExportOptions& options = {}) {
    Collect sink;
    EXPECT_TRUE(write_flamegraph(profile, options, sink));
    return sink.text;
}

/// A small strict reader of the XML the writer makes: elements, attributes, five entities, CDATA.
struct Element {
    std::string name;
    std::map<std::string, std::string> attributes;
    std::string text;
    std::string parent;
};

class Xml {
  public:
    explicit Xml(std::string_view text) : text_(text) { read(); }
    std::vector<Element> elements;
    std::string error;

  private:
    void fail(std::string why) {
        if (error.empty()) error = std::move(why) + " at byte " + std::to_string(at_);
    }
    bool take(std::string_view what) {
        if (text_.substr(at_, what.size()) != what) return false;
        at_ += what.size();
        return true;
    }
    std::string_view until(std::string_view what) {
        const std::size_t stop = text_.find(what, at_);
        if (stop == std::string_view::npos) {
            fail("no " + std::string(what));
            at_ = text_.size();
            return {};
        }
        const std::string_view found = text_.substr(at_, stop - at_);
        at_ = stop + what.size();
        return found;
    }
    std::string decoded(std::string_view raw) {
        static const std::map<std::string_view, char> kEntities{
            {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}, {"#39", '\''}, {"#34", '"'}};
        std::string out;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const char c = raw[i];
            if (c == '<') fail("< in text");
            if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') fail("control character");
            if (c != '&') {
                out.push_back(c);
                continue;
            }
            const std::size_t stop = raw.find(';', i);
            const auto entity =
                stop == std::string_view::npos ? kEntities.end() : kEntities.find(raw.substr(i + 1, stop - i - 1));
            if (entity == kEntities.end()) {
                fail("unknown entity");
                return out;
            }
            out.push_back(entity->second);
            i = stop;
        }
        return out;
    }
    void read() {
        if (!take("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")) fail("no declaration");
        std::vector<std::size_t> open;
        while (at_ < text_.size() && error.empty()) {
            if (take("<![CDATA[")) {
                const std::string_view raw = until("]]>");
                if (!open.empty()) elements[open.back()].text += raw;
            } else if (take("</")) {
                const std::string_view name = until(">");
                if (open.empty() || elements[open.back()].name != name)
                    return fail("unexpected </" + std::string(name));
                open.pop_back();
            } else if (take("<")) {
                read_tag(open);
            } else {
                const std::size_t stop = std::min(text_.find('<', at_), text_.size());
                const std::string text = decoded(text_.substr(at_, stop - at_));
                at_ = stop;
                if (!open.empty())
                    elements[open.back()].text += text;
                else if (text.find_first_not_of(" \n") != std::string::npos)
                    fail("text outside");
            }
        }
        if (!open.empty()) fail("not closed: " + elements[open.back()].name);
    }
    void read_tag(std::vector<std::size_t>& open) {
        // An attribute's value may hold '>', so quotes are followed.
        Element element;
        const auto name_stop = text_.find_first_of(" />", at_);
        element.name = text_.substr(at_, name_stop - at_);
        element.parent = open.empty() ? "" : elements[open.back()].name;
        at_ = name_stop;
        while (take(" ")) {
            const std::string key(until("=\""));
            if (!element.attributes.emplace(key, decoded(until("\""))).second) return fail("attribute twice: " + key);
        }
        const bool empty = take("/");
        if (!take(">")) return fail("no > in " + element.name);
        if (!empty) open.push_back(elements.size());
        elements.push_back(std::move(element));
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

double number(const Element& element, const std::string& key) { return std::atof(element.attributes.at(key).c_str()); }

bool has_class(const Element& element, std::string_view name) {
    const auto at = element.attributes.find("class");
    return at != element.attributes.end() && at->second.find(name) != std::string::npos;
}

std::vector<std::string> sample_pictures() {
    ExportOptions roots;
    roots.threads = roots.processes = roots.full_filenames = true;
    roots.title = "</title><script>alert(8)</script>\x1b";
    test::ProfileMaker rare;  // a mark with less than a hundredth of a percent, which the key tells
    rare.sample(rare.push(kEmptyStack, rare.frame("work", "work.py", 1, FunctionKind::kProject)), 99'999,
                std::chrono::seconds(999));
    rare.sample(rare.push(kEmptyStack, rare.frame("(unproven)", "", 0, FunctionKind::kMarker)), 1,
                std::chrono::milliseconds(10));
    return {picture(rare.take()),
            picture(test::server_profile()),
            picture(test::random_profile(3000)),
            picture(test::deep_profile(5000)),
            picture(test::hostile_profile()),
            picture(test::hostile_profile(), roots),
            picture(Profile{})};
}

TEST(Flamegraph, IsWellFormedWhateverTheNames) {
    for (const std::string& svg : sample_pictures()) {
        const Xml xml(svg);
        EXPECT_EQ(xml.error, "");
        EXPECT_FALSE(xml.elements.empty());
    }
}

TEST(Flamegraph, HasOneScriptThatNamesCannotReach) {
    std::set<std::string> scripts;
    std::set<std::string> styles;
    for (const std::string& svg : sample_pictures()) {
        const Xml xml(svg);
        std::size_t count = 0;
        for (const Element& element : xml.elements) {
            for (const auto& [key, value] : element.attributes) {
                EXPECT_FALSE(key.starts_with("on")) << key;
                EXPECT_EQ(value.find("javascript:"), std::string::npos);
            }
            EXPECT_NE(element.name, "image");
            if (element.name == "style") styles.insert(element.text);
            if (element.name != "script") continue;
            ++count;
            scripts.insert(element.text);
            EXPECT_LE(element.text.size(), 16384U);
        }
        EXPECT_EQ(count, 1U);
    }
    EXPECT_EQ(scripts.size(), 1U) << "the script is the same in every picture";
    EXPECT_EQ(styles.size(), 1U);
}

TEST(Flamegraph, ShowsHostileNamesAsTheyAre) {
    const Xml xml(picture(test::hostile_profile()));
    std::string titles;
    for (const Element& element : xml.elements) {
        if (element.name == "title") titles += element.text + "\n";
    }
    EXPECT_NE(titles.find("</script><script>alert(1)</script>"), std::string::npos);
    EXPECT_NE(titles.find("<lambda>"), std::string::npos);
    EXPECT_NE(titles.find("(1,000,000 bytes)"), std::string::npos);
    EXPECT_NE(titles.find("\\u{202e}"), std::string::npos);
    EXPECT_NE(titles.find("\\x1b"), std::string::npos);
    EXPECT_EQ(titles.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_LT(titles.size(), 100'000U);
}

TEST(Flamegraph, WidthsAddUp) {
    for (const Profile& profile : {test::server_profile(), test::random_profile(10'000), test::deep_profile(3000)}) {
        const Xml xml(picture(profile));
        ASSERT_EQ(xml.error, "");
        // Children lie inside their parents and never overlap: in each row left edges and right edges alternate.
        std::map<double, std::vector<std::pair<double, double>>> rows;
        for (const Element& element : xml.elements) {
            if (element.name != "rect" || element.attributes.count("y") == 0 || element.parent != "g") continue;
            if (!element.attributes.count("class") || has_class(element, "card")) continue;
            if (number(element, "y") < 80) continue;
            rows[number(element, "y")].emplace_back(number(element, "x"),
                                                    number(element, "x") + number(element, "width"));
        }
        ASSERT_GT(rows.size(), 3U);
        for (auto& [y, spans] : rows) {
            std::sort(spans.begin(), spans.end());
            EXPECT_GE(spans.front().first, 9.9);
            EXPECT_LE(spans.back().second, 1190.1);
            for (std::size_t i = 1; i < spans.size(); ++i) EXPECT_GE(spans[i].first, spans[i - 1].second - 0.3) << y;
        }
        EXPECT_NEAR(rows.begin()->second.front().second - rows.begin()->second.front().first, 1179, 0.1);
        for (auto above = rows.begin(), row = std::next(above); row != rows.end(); above = row++) {
            for (const auto& [left, right] : row->second) {
                EXPECT_TRUE(std::any_of(above->second.begin(), above->second.end(),
                                        [&, l = left, r = right](const auto& span) {
                                            return span.first <= l + 0.1 &&
                                                   r <= span.second +
                                                            1.1;  // gaps are drawn inside a box, slivers have none
                                        }))
                    << row->first << ": " << left;
            }
        }
    }
}

TEST(Flamegraph, SumsUpWhatIsTooSmallOrTooDeep) {
    const Xml small(picture(test::random_profile(10'000)));
    const Xml deep(picture(test::deep_profile(100'000)));
    std::string small_tips;
    std::string deep_tips;
    for (const Element& element : small.elements) small_tips += element.name == "title" ? element.text : "";
    for (const Element& element : deep.elements) deep_tips += element.name == "title" ? element.text : "";
    EXPECT_NE(small_tips.find(" small frames, "), std::string::npos);
    EXPECT_NE(deep_tips.find("… 99,9"), std::string::npos) << "the rows below the last one are told";
    EXPECT_LT(std::atof(deep.elements.front().attributes.at("height").c_str()), 2000);
}

TEST(Flamegraph, StaysBelowTheElementLimit) {
    for (const std::size_t nodes : {100U, 7'000U, 20'000U}) {
        const Xml xml(picture(test::random_profile(nodes)));
        std::size_t drawn = 0;
        for (const Element& element : xml.elements) {
            drawn +=
                element.name == "rect" || element.name == "title" || element.name == "text" || element.name == "tspan";
        }
        EXPECT_LE(drawn, 6100U) << nodes;
    }
}

TEST(Flamegraph, EqualProfilesGiveEqualBytes) {
    EXPECT_EQ(picture(test::server_profile()), picture(test::server_profile()));
    Profile shuffled = test::random_profile(2000);
    const std::string before = picture(shuffled);
    std::reverse(shuffled.samples.begin(), shuffled.samples.end());
    EXPECT_EQ(picture(shuffled), before) << "the order of samples does not show";
}

TEST(Flamegraph, TellsWhenTheSinkFails) {
    Collect sink;
    sink.fail_at = 1;
    const Result<void> result = write_flamegraph(test::server_profile(), {}, sink);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kOutput);
    EXPECT_EQ(sink.pieces, 1);
}

TEST(Flamegraph, TellsTheRecording) {
    const std::string svg = picture(test::server_profile());
    for (const std::string_view fact :
         {"41 unproven", "3 late", "99.7 Hz of 100 asked", "Python 3.12.1", "pid 4242: /usr/bin/python3.12",
          "lampyr 0.1.0", "on-CPU threads only", "never stopped", ">server.py<"}) {
        EXPECT_NE(svg.find(fact), std::string::npos) << fact;
    }
}

PictureTree small_tree() {
    // root(5) → a(3 samples) → b(1), root → c(9)
    return arrange({{0, 0, 5, 50}, {1, 1, 3, 30}, {2, 2, 1, 11}, {1, 3, 9, 90}},
                   {{"all", "", 0, 5, 0}, {"a", "", 0, 0, 0}, {"b", "", 0, 0, 0}, {"c", "", 0, 0, 0}}, 10);
}

TEST(PictureTree, PutsTheLargestSiblingFirst) {
    const PictureTree tree = small_tree();
    EXPECT_TRUE(tree.timed);
    EXPECT_EQ(tree.label, (std::vector<std::uint32_t>{0, 3, 1, 2}));
    EXPECT_EQ(tree.total, (std::vector<std::uint64_t>{181, 90, 41, 11}));
    EXPECT_EQ(tree.start, (std::vector<std::uint64_t>{0, 0, 90, 90}));
    EXPECT_EQ(tree.end, (std::vector<std::uint32_t>{4, 2, 4, 4}));
    EXPECT_EQ(tree.children_end(0), 131U);
    EXPECT_EQ(tree.all_samples[0], 18U);
}

TEST(PictureTree, RoundsWithoutLosing) {
    std::vector<PictureNode> nodes{{0, 0, 0, 0}};
    std::uint64_t exact = 0;
    for (std::uint32_t i = 1; i < 1000; ++i) {
        const std::uint64_t time = 10'000'000 + i * 7919;
        nodes.push_back({1, 0, 1, time});
        exact += time;
    }
    const PictureTree tree = arrange(nodes, {{"x", "", 0, 0, 0}}, 10'000'000);
    EXPECT_GT(tree.unit, 1U);
    const std::uint64_t back = tree.total[0] * tree.unit;
    EXPECT_LE(back > exact ? back - exact : exact - back, tree.unit);
}

TEST(PictureTree, CountsSamplesWhereEachStandsForTheSameTime) {
    const PictureTree tree = arrange({{0, 0, 0, 0}, {1, 0, 2, 20}, {1, 0, 3, 30}}, {{"x", "", 0, 0, 0}}, 10);
    EXPECT_FALSE(tree.timed);
    EXPECT_EQ(tree.unit, 10U);
    EXPECT_EQ(tree.total[0], 5U);
}

TEST(PictureTree, PruningKeepsTheSum) {
    const PictureTree tree = small_tree();
    const PrunedTree pruned = prune(tree, 2, {"small", "", 0, 6, 0});
    EXPECT_EQ(pruned.tree.total[0], tree.total[0]);
    EXPECT_EQ(pruned.tree.all_samples[0], tree.all_samples[0]);
    EXPECT_EQ(pruned.dropped, 2U);
    ASSERT_EQ(pruned.tree.size(), 3U);
    EXPECT_EQ(pruned.tree.labels[pruned.tree.label[2]].name, "small");
    EXPECT_EQ(prune(tree, 4, {}).dropped, 0U);
}

std::uint64_t next_number(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= std::uint64_t{byte & 127U} << shift;
        if (byte < 128) break;
    }
    return value;
}

std::string decompressed(const std::string& base64) {
    std::string packed;
    std::uint32_t bits = 0;
    int have = 0;
    for (const char c : base64) {
        static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const std::size_t digit = kDigits.find(c);
        if (digit == std::string_view::npos) break;
        bits = bits << 6U | static_cast<std::uint32_t>(digit);
        have += 6;
        if (have >= 8) packed.push_back(static_cast<char>(bits >> (have -= 8) & 255U));
    }
    std::string out(64 * packed.size() + 65536, '\0');
    uLongf size = out.size();
    EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(packed.data()),
                         packed.size()),
              Z_OK);
    out.resize(size);
    return out;
}

TEST(TreeData, HoldsTheWholeTree) {
    const PictureTree tree = small_tree();
    const std::string bytes = decompressed(encode_tree(tree).base64);
    std::string_view rest = bytes;
    EXPECT_EQ(next_number(rest), 1U);
    ASSERT_EQ(next_number(rest), tree.size());
    ASSERT_EQ(next_number(rest), 4U);
    const std::uint64_t size = next_number(rest);
    EXPECT_EQ(rest.substr(0, size), "all\nc\na\nb");
    rest.remove_prefix(size);
    EXPECT_EQ(next_number(rest), 0U);  // no file has a name
    for (std::uint64_t i = 0; i < 4; ++i) {
        EXPECT_EQ(next_number(rest), i);
        EXPECT_EQ(next_number(rest), 0U);
        EXPECT_EQ(next_number(rest), 0U);
        EXPECT_EQ(next_number(rest), i == 0 ? 40U : 0U);
    }
    std::vector<std::uint64_t> numbers;
    while (!rest.empty()) numbers.push_back(next_number(rest));
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{0, 1, 0, /*labels*/ 0, 1, 2, 3, /*samples*/ 5, 9, 3, 1,
                                                   /*time*/ 50, 90, 30, 11}));
}

TEST(LabelText, CutsByColumns) {
    EXPECT_EQ(cut_to("abcdef", 6).text, "abcdef");
    EXPECT_EQ(cut_to("abcdefg", 6).text, "abcde…");
    EXPECT_EQ(cut_to("漢字漢字", 5).text, "漢字…");
    EXPECT_EQ(cut_to("漢字漢字", 6).text, "漢字…");
    EXPECT_EQ(cut_to("", 3).text, "");
    EXPECT_EQ(shortened(std::string(100, 'x'), 10), "xxxxxxxxxx… (100 bytes)");
    EXPECT_EQ(shortened("ab漢字", 3), "ab… (8 bytes)");
}

TEST(LabelText, WritesNumbers) {
    EXPECT_EQ(grouped(1234567), "1,234,567");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(percent(1, 3), "33.3 %");
    EXPECT_EQ(percent(0, 0), "0 %");
    EXPECT_EQ(percent(1, 100'000), "<0.01 %");
    EXPECT_EQ(seconds(1.5e9), "1.50 s");
    EXPECT_EQ(seconds(2.5e6), "2.5 ms");
}

}  // namespace
}  // namespace lampyr::exporter
