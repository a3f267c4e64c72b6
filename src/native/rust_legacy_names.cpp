// SPDX-License-Identifier: MIT
#include "native/rust_legacy_names.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lampyr::native {
namespace {

constexpr std::size_t kMostText = 2048;  ///< bytes of a name; what is longer is given up

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

/// `$LT$` and the like in a part of an older name.
std::string legacy_part(std::string_view part) {
    struct Escape {
        std::string_view code, text;
    };
    constexpr std::array<Escape, 8> kEscapes{{{"$SP$", "@"},
                                              {"$BP$", "*"},
                                              {"$RF$", "&"},
                                              {"$LT$", "<"},
                                              {"$GT$", ">"},
                                              {"$LP$", "("},
                                              {"$RP$", ")"},
                                              {"$C$", ","}}};
    if (part.starts_with("_$")) part.remove_prefix(1);
    std::string text;
    while (!part.empty()) {
        if (part.starts_with("..")) {
            text += "::";
            part.remove_prefix(2);
            continue;
        }
        const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                         [&](const Escape& each) { return part.starts_with(each.code); });
        if (escape != kEscapes.end()) {
            text += escape->text;
            part.remove_prefix(escape->code.size());
            continue;
        }
        const std::size_t end = part.starts_with("$u") ? part.find('$', 2) : std::string_view::npos;
        const bool numbered =
            end != std::string_view::npos && end > 2 && end <= 8 &&
            std::all_of(part.begin() + 2, part.begin() + static_cast<std::ptrdiff_t>(end), is_hexadecimal);
        if (numbered) {
            const auto code = static_cast<std::uint32_t>(std::stoul(std::string(part.substr(2, end - 2)), nullptr, 16));
            if (code <= 0x10ffff) base::append_utf8(text, code);
            part.remove_prefix(end + 1);
            continue;
        }
        text += part.front();
        part.remove_prefix(1);
    }
    return text;
}

}  // namespace

std::optional<std::string> legacy_rust_name(std::string_view symbol) {
    constexpr std::size_t kHash = 17;  // "h" and 16 digits
    std::string text;
    std::string_view last;
    while (!symbol.empty() && is_digit(symbol.front())) {
        std::size_t length = 0;
        while (!symbol.empty() && is_digit(symbol.front()) && length <= kMostText) {
            length = length * 10 + static_cast<std::size_t>(symbol.front() - '0');
            symbol.remove_prefix(1);
        }
        if (length == 0 || length > symbol.size()) return std::nullopt;
        if (!last.empty()) text += (text.empty() ? "" : "::") + legacy_part(last);
        if (text.size() > kMostText) return std::nullopt;
        last = symbol.substr(0, length);
        symbol.remove_prefix(length);
    }
    if (!symbol.starts_with("E") || text.empty()) return std::nullopt;
    const bool hash =
        last.size() == kHash && last.front() == 'h' && std::all_of(last.begin() + 1, last.end(), is_hexadecimal);
    if (!hash) return std::nullopt;
    return text;
}

}  // namespace lampyr::native
