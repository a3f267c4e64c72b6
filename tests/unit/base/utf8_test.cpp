// SPDX-License-Identifier: MIT
#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <set>
#include <vector>

namespace lampyr::base {
namespace {

using namespace std::string_literals;

std::string ucs2(std::vector<std::uint16_t> units) { return utf8_from_ucs2(units); }
std::string ucs4(std::vector<std::uint32_t> units) { return utf8_from_ucs4(units); }

/// Reads the documented rule backwards, written independently of the encoder: escapes become their numbers again.
std::vector<std::uint32_t> decode(const std::string& text) {
    std::vector<std::uint32_t> out;
    const auto pattern = [&](std::size_t at) -> std::optional<std::pair<std::uint32_t, std::size_t>> {
        const std::size_t digits = at < text.size() && text[at] == 'u'   ? 4
                                   : at < text.size() && text[at] == 'U' ? 8
                                                                         : 0;
        if (digits == 0 || at + 1 + digits > text.size()) return std::nullopt;
        const std::string hex = text.substr(at + 1, digits);
        if (hex.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
        const auto value = static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16));
        if (digits == 4 && (value < 0xD800 || value > 0xDFFF)) return std::nullopt;
        if (digits == 8 && value <= 0x10FFFF) return std::nullopt;
        return std::pair{value, digits + 1};
    };
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '\\') {
            const std::size_t end = std::min(text.find_first_not_of('\\', i), text.size());
            const std::size_t run = end - i;
            const auto escape = pattern(end);
            out.insert(out.end(), escape ? run / 2 : run, '\\');
            i = end;
            if (escape && run % 2 == 1) {
                out.push_back(escape->first);
                i += escape->second;
            }
            continue;
        }
        const auto lead = static_cast<std::uint8_t>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        std::uint32_t c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) c = c << 6 | (static_cast<std::uint8_t>(text[i + k]) & 0x3FU);
        out.push_back(c);
        i += length;
    }
    return out;
}

TEST(Utf8, KeepsValidText) {
    for (const std::string text :
         {"", "plain", "C:\\users\\dir", "\\u0041", "\\x1b", "h\xc3\xa9llo", "\xf0\x9f\x98\x80 z", "a\nb\x01"})
        EXPECT_EQ(utf8_from_bytes(text), text);
    EXPECT_EQ(utf8_from_bytes("nul\0inside"s), "nul\0inside"s);
}

TEST(Utf8, EscapesEachInvalidByte) {
    EXPECT_EQ(utf8_from_bytes("\xff"), "\\udcff");
    EXPECT_EQ(utf8_from_bytes("a\x80z"), "a\\udc80z");
    EXPECT_EQ(utf8_from_bytes("\xc3"), "\\udcc3");                        // cut sequence
    EXPECT_EQ(utf8_from_bytes("\xc0\xaf"), "\\udcc0\\udcaf");             // overlong
    EXPECT_EQ(utf8_from_bytes("\xed\xb2\x80"), "\\udced\\udcb2\\udc80");  // a surrogate as bytes
    EXPECT_EQ(utf8_from_bytes("\xf4\x90\x80\x80"), "\\udcf4\\udc90\\udc80\\udc80");
    EXPECT_EQ(utf8_from_bytes("\xe2\x82(\xe2\x82\xac"), "\\udce2\\udc82(\xe2\x82\xac");
}

TEST(Utf8, EscapesLoneSurrogatesAndNeverJoinsThem) {
    EXPECT_EQ(ucs2({'a', 0xDC80, 'b'}), "a\\udc80b");
    EXPECT_EQ(ucs2({0xD83D, 0xDE00}), "\\ud83d\\ude00");  // two code points in Python, not one emoji
    EXPECT_EQ(ucs4({0x1F600}), "\xf0\x9f\x98\x80");
    EXPECT_EQ(ucs4({0x10FFFF}), "\xf4\x8f\xbf\xbf");
    EXPECT_EQ(ucs4({0x110000}), "\\U00110000");
    EXPECT_EQ(ucs4({0xFFFFFFFF}), "\\Uffffffff");
    const std::array<std::uint8_t, 3> latin{'a', 0xE9, 0xFF};
    EXPECT_EQ(utf8_from_latin1(latin), "a\xc3\xa9\xc3\xbf");
}

TEST(Utf8, LiteralBackslashesStayDistinguishable) {
    EXPECT_EQ(utf8_from_bytes("\\udc80"), "\\\\udc80");
    EXPECT_EQ(utf8_from_bytes("\\\\udc80"), "\\\\\\\\udc80");
    EXPECT_EQ(utf8_from_bytes("\\\x80"), "\\\\\\udc80");
    EXPECT_EQ(utf8_from_bytes("\\u0041 \\udC80 \\udc8"), "\\u0041 \\udC80 \\udc8");  // these read as no escape of ours
    EXPECT_EQ(utf8_from_bytes("\\U00110000"), "\\\\U00110000");
    EXPECT_EQ(utf8_from_bytes("\\U0001f600"), "\\U0001f600");
}

TEST(Utf8, IsLosslessForAnyUnits) {
    std::mt19937 random(1);
    const std::vector<std::uint32_t> alphabet{'\\', '\\',   'u',     'd',      '8',       'c',    '0',
                                              'f',  'U',    'a',     '1',      0xDC80,    0xD800, 0xDFFF,
                                              0xE9, 0x20AC, 0x1F600, 0x110000, 0xFFFFFFFF};
    std::set<std::string> texts;
    std::set<std::vector<std::uint32_t>> inputs;
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::uint32_t> units(random() % 12);
        for (auto& unit : units) unit = alphabet[random() % alphabet.size()];
        const std::string text = utf8_from_ucs4(units);
        ASSERT_TRUE(is_valid_utf8(text));
        ASSERT_EQ(decode(text), units) << text;
        texts.insert(text);
        inputs.insert(units);
    }
    EXPECT_EQ(texts.size(), inputs.size());
}

TEST(Utf8, IsLosslessForAnyBytes) {
    std::mt19937 random(2);
    const std::string alphabet = "\\\\ud80cUf"s + "\x80\xbf\xc0\xc3\xe2\x82\xac\xed\xf0\x9f\x98\xff";
    std::set<std::string> texts;
    std::set<std::string> inputs;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(random() % 12, ' ');
        for (auto& byte : bytes) byte = alphabet[random() % alphabet.size()];
        const std::string text = utf8_from_bytes(bytes);
        ASSERT_TRUE(is_valid_utf8(text));
        texts.insert(text);
        inputs.insert(bytes);
        if (is_valid_utf8(bytes) && bytes.find('\\') == std::string::npos) {
            ASSERT_EQ(text, bytes);
        }
    }
    EXPECT_EQ(texts.size(), inputs.size());
}

TEST(Utf8, FindsTheCutOfATruncatedSequence) {
    EXPECT_EQ(complete_utf8_prefix(""), 0U);
    EXPECT_EQ(complete_utf8_prefix("abc"), 3U);
    EXPECT_EQ(complete_utf8_prefix("ab\xe2\x82"), 2U);
    EXPECT_EQ(complete_utf8_prefix("ab\xe2\x82\xac"), 5U);
    EXPECT_EQ(complete_utf8_prefix("\xf0\x9f\x98"), 0U);
    EXPECT_EQ(complete_utf8_prefix("a\xff"), 2U);  // invalid, not cut
    EXPECT_EQ(complete_utf8_prefix("\x80\x80\x80\x80"), 4U);
}

}  // namespace
}  // namespace lampyr::base
