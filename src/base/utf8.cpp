// SPDX-License-Identifier: MIT
#include "base/utf8.hpp"

#include <algorithm>
#include <array>

namespace lampyr::base {
namespace {

constexpr std::uint32_t kMaxCodePoint = 0x10FFFF;
constexpr std::string_view kHex = "0123456789abcdef";

bool is_surrogate(std::uint32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

int hex_digit(std::uint32_t c) {
    if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
    return -1;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

namespace {

void append_escape(std::string& out, std::uint32_t c) {
    const bool wide = c > 0xFFFF;
    out += wide ? "\\U" : "\\u";
    for (int shift = wide ? 28 : 12; shift >= 0; shift -= 4) out.push_back(kHex[(c >> shift) & 0xF]);
}

/// Do the units from `at` on spell what follows the backslash of one of our escapes?
template <typename Unit>
bool spells_escape(std::span<const Unit> units, std::size_t at) {
    const auto digits = [&](std::size_t from, std::size_t count, std::uint32_t& value) {
        if (units.size() - from < count) return false;
        value = 0;
        for (std::size_t i = from; i < from + count; ++i) {
            const int digit = hex_digit(units[i]);
            if (digit < 0) return false;
            value = value << 4 | static_cast<std::uint32_t>(digit);
        }
        return true;
    };
    std::uint32_t value = 0;
    if (at >= units.size()) return false;
    if (units[at] == 'u') return digits(at + 1, 4, value) && is_surrogate(value);
    if (units[at] == 'U') return digits(at + 1, 8, value) && value > kMaxCodePoint;
    return false;
}

/// Appends the run of backslashes at `at` and returns where it ends. `escape_at(i)`: will unit i be written as an escape?
template <typename Unit, typename EscapeAt>
std::size_t append_backslashes(std::string& out, std::span<const Unit> units, std::size_t at, EscapeAt escape_at) {
    std::size_t end = at;
    while (end < units.size() && units[end] == '\\') ++end;
    const bool ambiguous = spells_escape(units, end) || (end < units.size() && escape_at(end));
    out.append((end - at) * (ambiguous ? 2 : 1), '\\');
    return end;
}

template <typename Unit>
std::string from_units(std::span<const Unit> units) {
    std::string out;
    out.reserve(units.size());
    const auto escaped = [&](std::size_t i) {
        const std::uint32_t c = units[i];
        return is_surrogate(c) || c > kMaxCodePoint;
    };
    for (std::size_t i = 0; i < units.size();) {
        if (units[i] == '\\') {
            i = append_backslashes(out, units, i, escaped);
        } else if (escaped(i)) {
            append_escape(out, units[i++]);
        } else {
            append_utf8(out, units[i++]);
        }
    }
    return out;
}

struct Sequence {
    std::size_t length = 0;  // of the well-formed sequence; 0: there is none here
    bool cut = false;        // the bytes end inside a sequence that could still become well-formed
};

/// Unicode 15, table 3-7.
Sequence sequence_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    const std::uint8_t lead = bytes[at];
    if (lead < 0x80) return {1, false};
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return {};
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (at + i >= bytes.size()) return {0, true};
        if (bytes[at + i] < low || bytes[at + i] > high) return {};
        low = 0x80;
        high = 0xBF;
    }
    return {length, false};
}

std::span<const std::uint8_t> as_units(std::string_view bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string utf8_from_bytes(std::string_view bytes) {
    const auto units = as_units(bytes);
    std::string out;
    out.reserve(bytes.size());
    const auto escaped = [&](std::size_t i) { return sequence_at(units, i).length == 0; };
    for (std::size_t i = 0; i < units.size();) {
        if (units[i] == '\\') {
            i = append_backslashes(out, units, i, escaped);
        } else if (const std::size_t length = sequence_at(units, i).length; length != 0) {
            out.append(bytes.substr(i, length));
            i += length;
        } else {
            append_escape(out, 0xDC00U + units[i++]);
        }
    }
    return out;
}

std::string utf8_from_latin1(std::span<const std::uint8_t> units) { return from_units(units); }
std::string utf8_from_ucs2(std::span<const std::uint16_t> units) { return from_units(units); }
std::string utf8_from_ucs4(std::span<const std::uint32_t> units) { return from_units(units); }

std::size_t complete_utf8_prefix(std::string_view bytes) {
    const auto units = as_units(bytes);
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, units.size()); ++back) {
        const std::size_t at = units.size() - back;
        if ((units[at] & 0xC0) == 0x80) continue;  // a continuation byte: its lead stands before it
        return sequence_at(units, at).cut ? at : units.size();
    }
    return units.size();
}

bool is_valid_utf8(std::string_view text) {
    const auto units = as_units(text);
    for (std::size_t i = 0; i < units.size();) {
        const std::size_t length = sequence_at(units, i).length;
        if (length == 0) return false;
        i += length;
    }
    return true;
}

}  // namespace lampyr::base
