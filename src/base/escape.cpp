// SPDX-License-Identifier: MIT
#include "base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace lampyr::base {

namespace {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

/// Code points that act on what is around them or leave no mark: general category Cf without the Arabic and Kaithi number
/// signs (which are drawn), default-ignorable letters and variation selectors, Zl and Zp (Unicode 15.1, UnicodeData.txt and
/// DerivedCoreProperties.txt). Noncharacters and the C0 and C1 controls are found by arithmetic.
constexpr std::array kUnseen = {
    Range{0x00AD, 0x00AD},    // soft hyphen
    Range{0x034F, 0x034F},    // combining grapheme joiner
    Range{0x061C, 0x061C},    // Arabic letter mark
    Range{0x115F, 0x1160},    // Hangul fillers
    Range{0x17B4, 0x17B5},    // Khmer inherent vowels
    Range{0x180B, 0x180F},    // Mongolian selectors and vowel separator
    Range{0x200B, 0x200F},    // zero-width space, joiners, left-to-right and right-to-left marks
    Range{0x2028, 0x202E},    // line and paragraph separators, bidirectional embeddings and overrides
    Range{0x2060, 0x206F},    // word joiner, invisible operators, bidirectional isolates
    Range{0x3164, 0x3164},    // Hangul filler
    Range{0xFE00, 0xFE0F},    // variation selectors
    Range{0xFEFF, 0xFEFF},    // byte order mark
    Range{0xFFA0, 0xFFA0},    // halfwidth Hangul filler
    Range{0xFFF0, 0xFFFB},    // unassigned ignorables, interlinear annotation
    Range{0x13430, 0x1343F},  // Egyptian format controls
    Range{0x1BCA0, 0x1BCA3},  // shorthand format controls
    Range{0x1D173, 0x1D17A},  // musical format controls
    Range{0xE0000, 0xE0FFF},  // tags, variation selectors supplement
};

constexpr bool is_unseen(std::uint32_t c) {
    if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
    if (c < 0xAD) return false;
    if ((c & 0xFFFEU) == 0xFFFEU || (c >= 0xFDD0 && c <= 0xFDEF)) return true;
    const auto range = std::lower_bound(kUnseen.begin(), kUnseen.end(), c,
                                        [](Range r, std::uint32_t value) { return r.last < value; });
    return range != kUnseen.end() && c >= range->first;
}

constexpr bool is_surrogate(std::uint32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

/// Unicode's Zs: what a reader strips from the ends of a line.
constexpr bool is_blank(std::uint32_t c) {
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
           c == 0x3000;
}

/// The next piece of a text: a code point, or one byte that begins no valid UTF-8 sequence.
struct Piece {
    std::uint32_t value;
    std::size_t size;
    bool valid;
};

/// Unicode table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
Piece next_piece(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const Piece bad{lead, 1, false};
    if (lead < 0xC2 || lead > 0xF4) return bad;
    const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < size) return bad;
    std::uint32_t value = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return bad;
        value = (value << 6) | (byte(i) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    if (value < kLeast[size] || value > 0x10FFFF || is_surrogate(value)) return bad;
    return {value, size, true};
}

void append_visible(std::string& out, const Piece& piece) {
    auto end = std::back_inserter(out);
    if (!piece.valid || piece.value < 0x80)
        fmt::format_to(end, "\\x{:02x}", piece.value);
    else
        fmt::format_to(end, "\\u{{{:x}}}", piece.value);
}

/// Copies `text`, handing what is unseen or invalid to `escape(out, piece)` and every other code point to
/// `replace(out, c)`, which says whether it wrote something in its place.
template <typename Escape, typename Replace>
std::string rewrite(std::string_view text, Escape&& escape, Replace&& replace) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Piece piece = next_piece(text);
        if (!piece.valid || is_unseen(piece.value))
            escape(out, piece);
        else if (!replace(out, piece.value))
            out.append(text.substr(0, piece.size));
        text.remove_prefix(piece.size);
    }
    return out;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xC0U | (c >> 6));
    } else {
        if (c < 0x10000) {
            put(0xE0U | (c >> 12));
        } else {
            put(0xF0U | (c >> 18));
            put(0x80U | ((c >> 12) & 0x3FU));
        }
        put(0x80U | ((c >> 6) & 0x3FU));
    }
    put(0x80U | (c & 0x3FU));
}

bool append_entity(std::string& out, std::uint32_t c) {
    switch (c) {
        case '<': out += "&lt;"; return true;
        case '>': out += "&gt;"; return true;
        case '&': out += "&amp;"; return true;
        case '"': out += "&quot;"; return true;
        case '\'': out += "&#39;"; return true;
        default: return false;
    }
}

bool append_json_escape(std::string& out, std::uint32_t c) {
    switch (c) {
        case '"': out += "\\\""; return true;
        case '\\': out += "\\\\"; return true;
        case '<': out += "\\u003c"; return true;
        default: return false;
    }
}

void append_json_unseen(std::string& out, const Piece& piece) {
    auto end = std::back_inserter(out);
    if (!piece.valid)
        fmt::format_to(end, "\\\\x{:02x}", piece.value);
    else if (piece.value < 0x10000)
        fmt::format_to(end, "\\u{:04x}", piece.value);
    else  // a surrogate pair
        fmt::format_to(end, "\\u{:04x}\\u{:04x}", 0xD7C0 + (piece.value >> 10), 0xDC00 + (piece.value & 0x3FF));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Where the blank before a number at the end stands ("f 12", "f 1.5"), or npos. Readers take such a number for a count.
std::size_t blank_before_number(std::string_view frame) {
    std::size_t at = frame.size();
    while (at > 0 && (is_digit(frame[at - 1]) || frame[at - 1] == '.')) --at;
    return at < frame.size() && at > 0 && frame[at - 1] == ' ' ? at - 1 : std::string_view::npos;
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Reads the hexadecimal number at the start of `text`, as many digits as there are up to `most`.
std::optional<std::uint32_t> take_hex(std::string_view& text, std::size_t most) {
    std::uint32_t value = 0;
    std::size_t digits = 0;
    for (; digits < most && digits < text.size() && hex_digit(text[digits]) >= 0; ++digits)
        value = value * 16 + static_cast<std::uint32_t>(hex_digit(text[digits]));
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

/// Reads one escape behind its backslash. False when it is none that folded_frame writes.
bool take_escape(std::string& out, std::string_view& text) {
    if (text.empty()) return false;
    const char kind = text.front();
    text.remove_prefix(1);
    if (kind == '\\') {
        out.push_back('\\');
        return true;
    }
    if (kind == 'x') {
        if (text.size() < 2 || hex_digit(text[1]) < 0) return false;
        const auto byte = take_hex(text, 2);
        if (!byte) return false;
        out.push_back(static_cast<char>(*byte));
        return true;
    }
    if (kind != 'u' || !text.starts_with('{')) return false;
    text.remove_prefix(1);
    const auto value = take_hex(text, 6);
    if (!value || *value < 0x80 || *value > 0x10FFFF || is_surrogate(*value) || !text.starts_with('}')) return false;
    text.remove_prefix(1);
    append_utf8(out, *value);
    return true;
}

constexpr std::string_view kEmptyFrame = "\\e";

}  // namespace

std::string terminal_text(std::string_view text) {
    return rewrite(text, append_visible, [](std::string&, std::uint32_t) { return false; });
}

std::string xml_text(std::string_view text) { return rewrite(text, append_visible, append_entity); }

std::string xml_attribute(std::string_view value) { return xml_text(value); }

std::string json_string(std::string_view text) {
    return '"' + rewrite(text, append_json_unseen, append_json_escape) + '"';
}

std::string folded_frame(std::string_view frame) {
    if (frame.empty()) return std::string(kEmptyFrame);
    const std::size_t number_blank = blank_before_number(frame);
    std::string out;
    out.reserve(frame.size());
    for (std::size_t at = 0; at < frame.size();) {
        const Piece piece = next_piece(frame.substr(at));
        const bool at_edge = at == 0 || at + piece.size == frame.size() || at == number_blank;
        const bool mistakable =
            piece.value == ';' || (is_blank(piece.value) && at_edge) || (piece.value == '#' && at == 0);
        if (!piece.valid || is_unseen(piece.value) || mistakable)
            append_visible(out, piece);
        else if (piece.value == '\\')
            out += "\\\\";
        else
            out.append(frame.substr(at, piece.size));
        at += piece.size;
    }
    return out;
}

std::optional<std::string> folded_unescape(std::string_view text) {
    if (text == kEmptyFrame) return std::string();
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c != '\\')
            out.push_back(c);
        else if (!take_escape(out, text))
            return std::nullopt;
    }
    return out;
}

}  // namespace lampyr::base
