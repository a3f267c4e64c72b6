// SPDX-License-Identifier: MIT
#include <lampyr/export.hpp>

#include <algorithm>
#include <array>

namespace lampyr {

namespace {

struct FormatName {
    Format format;
    std::string_view name;
    std::string_view extension;
    bool shows_time;
};
constexpr std::array kFormats = {
    FormatName{Format::kFlamegraph, "flamegraph", "svg", false},
    FormatName{Format::kSpeedscope, "speedscope", "json", true},
    FormatName{Format::kRaw, "raw", "txt", false},
    FormatName{Format::kLampyr, "lampyr", "lampyr", true},
};
static_assert(kFormats.size() == kFormatCount);
constexpr std::array<std::string_view, 3> kRawExtensions = {"txt", "folded", "raw"};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

const FormatName* entry_of(Format format) {
    const auto entry =
        std::find_if(kFormats.begin(), kFormats.end(), [format](const FormatName& f) { return f.format == format; });
    return entry == kFormats.end() ? nullptr : entry;
}

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
    for (const FormatName& entry : kFormats)
        if (same_word(name, entry.name)) return entry.format;
    return std::nullopt;
}

std::optional<Format> format_of_file(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return std::nullopt;  // ".txt" is a hidden file without an extension
    const std::string_view extension = name.substr(dot + 1);
    for (const FormatName& entry : kFormats)
        if (same_word(extension, entry.extension)) return entry.format;
    for (const std::string_view raw : kRawExtensions)
        if (same_word(extension, raw)) return Format::kRaw;
    return std::nullopt;
}

std::string_view extension_of(Format format) {
    const FormatName* entry = entry_of(format);
    return entry == nullptr ? "" : entry->extension;
}

bool shows_time(Format format) {
    const FormatName* entry = entry_of(format);
    return entry != nullptr && entry->shows_time;
}

std::string_view to_string(Format format) {
    const FormatName* entry = entry_of(format);
    return entry == nullptr ? "unknown" : entry->name;
}

}  // namespace lampyr
