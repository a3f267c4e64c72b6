// SPDX-License-Identifier: MIT
#include "export/flamegraph/label_text.hpp"

#include "base/escape.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::exporter {
namespace {

/// The code point at the start of valid UTF-8 and its length.
struct Decoded {
    std::uint32_t code = 0;
    std::size_t length = 1;
};
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = byte(0);
    std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    length = std::min(length, text.size());
    std::uint32_t code = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) code = code << 6U | (byte(i) & 0x3fU);
    return {code, length};
}

/// Columns in a monospace font; the script's `cells` draws the same line.
std::size_t columns_of(std::uint32_t c) {
    if (c < 0x1100) return 1;
    const bool wide = c <= 0x115f || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
                      (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
                      c > 0x1f2ff;
    return wide ? 2 : 1;
}

}  // namespace

std::string shortened(std::string_view text, std::size_t longest) {
    if (text.size() <= longest) return std::string(text);
    const std::string_view kept = text.substr(0, base::complete_utf8_prefix(text.substr(0, longest)));
    return fmt::format("{}… ({} bytes)", kept, grouped(text.size()));
}

std::string shown(std::string_view text, std::size_t longest) { return base::terminal_text(shortened(text, longest)); }

CutText cut_to(std::string_view text, std::size_t room) {
    CutText kept;           // what fits with … after it
    std::size_t width = 0;  // of everything up to `at`
    for (std::size_t at = 0; at < text.size();) {
        const Decoded next = decode(text.substr(at));
        width += columns_of(next.code);
        if (width > room) {
            kept.text += "…";
            ++kept.columns;
            return kept;
        }
        at += next.length;
        if (width < room) kept = {std::string(text.substr(0, at)), width};
    }
    return {std::string(text), width};
}

std::string grouped(std::uint64_t value) {
    const std::string digits = fmt::format("{}", value);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
        text.push_back(digits[i]);
    }
    return text;
}

std::string percent(double part, double whole) {
    const double share = whole > 0 ? 100 * part / whole : 0;
    if (share >= 99.95) return "100 %";
    if (share <= 0) return "0 %";
    if (share < 0.01) return "<0.01 %";
    return share < 1 ? fmt::format("{:.2f} %", share) : fmt::format("{:.1f} %", share);
}

std::string seconds(double nanoseconds) {
    const double s = nanoseconds / 1e9;
    if (s >= 100) return grouped(static_cast<std::uint64_t>(s + 0.5)) + " s";
    if (s >= 1) return fmt::format("{:.2f} s", s);
    if (s >= 1e-3) return fmt::format("{:.1f} ms", s * 1e3);
    return fmt::format("{:.0f} µs", s * 1e6);
}

}  // namespace lampyr::exporter
