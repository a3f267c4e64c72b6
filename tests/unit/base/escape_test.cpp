// SPDX-License-Identifier: MIT
#include "base/escape.hpp"

#include "base/utf8.hpp"
#include "unit/base/hostile_text.hpp"

#include <lampyr/error.hpp>
#include <lampyr/text.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <regex>

namespace lampyr::base {
namespace {

/// What may reach no sink as it is, written out by hand.
void expect_nothing_unseen(const std::string& text) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
    for (const char c : text) {
        EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
        EXPECT_NE(c, '\x7f');
    }
    for (unsigned c = 0x80; c < 0xA0; ++c)
        EXPECT_EQ(text.find(std::string("\xc2") + static_cast<char>(c)), std::string::npos) << "C1 " << c;
    for (const char* bad :
         {"\xd8\x9c",     "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e",    "\xe2\x80\x8f",
          "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",    "\xe2\x80\xad",
          "\xe2\x80\xae", "\xe2\x81\xa0", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",    "\xe2\x81\xa9",
          "\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xc2\xad",     "\xf3\xa0\x81\x81"})
        EXPECT_EQ(text.find(bad), std::string::npos);
}

TEST(Escape, TerminalTextShowsWhatWouldAct) {
    const std::pair<std::string, std::string> cases[] = {
        {"plain na\xc3\xafve \xf0\x9f\x98\x80 \\n", "plain na\xc3\xafve \xf0\x9f\x98\x80 \\n"},
        {"\x1b[31m", "\\x1b[31m"},
        {"a\tb\nc\r", "a\\x09b\\x0ac\\x0d"},
        {std::string("\0", 1), "\\x00"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b", "\\u{9b}"},
        {"\x9b", "\\x9b"},
        {"\xe2\x80\xae", "\\u{202e}"},
        {"\xf3\xa0\x81\x81", "\\u{e0041}"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\xc0\xaf", "\\xc0\\xaf"},
        {"\xe2\x80", "\\xe2\\x80"},
        {"\xf4\x8f\xbf\xbf", "\\u{10ffff}"},
    };
    for (const auto& [text, shown] : cases) EXPECT_EQ(terminal_safe(text), shown);
    for (const std::string& text : test::hostile_texts()) expect_nothing_unseen(terminal_safe(text));
}

TEST(Escape, XmlIsWellFormedWhateverGoesIn) {
    EXPECT_EQ(xml_text("a<b>&\"'c"), "a&lt;b&gt;&amp;&quot;&#39;c");
    EXPECT_EQ(xml_attribute("\n\x01\xef\xbf\xbf"), "\\x0a\\x01\\u{ffff}");
    const std::regex entity("&(lt|gt|amp|quot|#39);");
    for (const std::string& text : test::hostile_texts()) {
        const std::string escaped = xml_text(text);
        EXPECT_EQ(xml_attribute(text), escaped);
        expect_nothing_unseen(escaped);
        const std::string rest = std::regex_replace(escaped, entity, "");
        EXPECT_EQ(rest.find_first_of("<>&\"'"), std::string::npos) << escaped;
    }
}

TEST(Escape, JsonKeepsTheText) {
    EXPECT_EQ(json_string("</\xe2\x80\xa8\"\\\x1b"), R"("\u003c/\u2028\"\\\u001b")");
    EXPECT_EQ(json_string("\xf3\xa0\x81\x81"), R"("\udb40\udc41")");
    EXPECT_EQ(json_string("\xff"), R"("\\xff")");
    for (const std::string& text : test::hostile_texts()) {
        const std::string json = json_string(text);
        expect_nothing_unseen(json);
        EXPECT_EQ(json.find('<'), std::string::npos);
        const auto value = nlohmann::json::parse(json, nullptr, false);
        ASSERT_TRUE(value.is_string()) << json;
        if (is_valid_utf8(text)) {
            EXPECT_EQ(value.get<std::string>(), text);
        }
    }
}

TEST(Escape, FoldedFramesComeBack) {
    const std::pair<std::string, std::string> cases[] = {
        {"f (m.py:3)", "f (m.py:3)"},
        {"", "\\e"},
        {"a;b", "a\\x3bb"},
        {"a\nb\r", "a\\x0ab\\x0d"},
        {"f 12", "f\\x2012"},
        {"f 1.5", "f\\x201.5"},
        {"f (1) 2x", "f (1) 2x"},
        {" f ", "\\x20f\\x20"},
        {"#f #g", "\\x23f #g"},
        {"C:\\d", "C:\\\\d"},
        {"\xe2\x80\xae", "\\u{202e}"},
        {"\xc2\xa0x", "\\u{a0}x"},
        {"\xff", "\\xff"},
    };
    for (const auto& [frame, folded] : cases) EXPECT_EQ(folded_frame(frame), folded);
    const std::regex count_at_end(R"( [0-9.]+$)");
    std::map<std::string, std::string> seen;
    for (const std::string& text : test::hostile_texts()) {
        const std::string folded = folded_frame(text);
        expect_nothing_unseen(folded);
        EXPECT_FALSE(folded.empty());
        EXPECT_EQ(folded.find(';'), std::string::npos);
        EXPECT_FALSE(folded.starts_with(' ') || folded.ends_with(' ') || folded.starts_with('#')) << folded;
        EXPECT_FALSE(folded.size() < 200 && std::regex_search(folded, count_at_end)) << folded;
        EXPECT_EQ(folded_unescape(folded), text);
        const auto [known, is_new] = seen.emplace(folded, text);
        EXPECT_TRUE(is_new || known->second == text) << "two frames became one: " << folded;
    }
}

TEST(Escape, FoldedUnescapeRefusesWhatIsNotWritten) {
    for (const char* text : {"\\", "a\\", "\\n", "\\x1", "\\xg0", "\\x1G", "\\u", "\\u{", "\\u{}", "\\u{41}",
                             "\\u{d800}", "\\u{110000}", "\\u{202e", "\\u{1234567}", "x\\e", "\\X1b"})
        EXPECT_FALSE(folded_unescape(text)) << text;
}

TEST(ErrorText, JoinsMessageAndHint) {
    EXPECT_EQ(to_string(Error{ErrorCode::kPermission, "cannot read", "use sudo", 1}), "cannot read; use sudo");
    EXPECT_EQ(to_string(Error{ErrorCode::kPermission, "cannot read", "", 1}), "cannot read");
}

}  // namespace
}  // namespace lampyr::base
