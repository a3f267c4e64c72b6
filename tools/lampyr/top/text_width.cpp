// SPDX-License-Identifier: MIT
#include "top/text_width.hpp"

#include <algorithm>
#include <cstdint>

#include <wchar.h>

namespace lampyr::tool {
namespace {

/// Reads one character of valid UTF-8 and takes it off.
wchar_t take(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t c = first < 0x80 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length && i < text.size(); ++i)
        c = (c << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(std::min(length, text.size()));
    return static_cast<wchar_t>(c);
}

std::size_t width_of(wchar_t c) {
    if (c < 0x7F) return 1;
    const int width = ::wcwidth(c);
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) width += width_of(take(text));
    return width;
}

std::string cut_to_width(std::string text, std::size_t columns) {
    std::string_view rest = text;
    std::size_t width = 0;
    std::size_t keep = 0;  // bytes that fit beside the dots
    const std::size_t dots = columns < 3 ? columns : 3;
    while (!rest.empty()) {
        const std::size_t next = width + width_of(take(rest));
        if (next > columns) {
            text.resize(keep);
            return text + std::string(dots, '.');
        }
        width = next;
        if (width + dots <= columns) keep = text.size() - rest.size();
    }
    return text;
}

}  // namespace lampyr::tool
