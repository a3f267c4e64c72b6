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
    FormatName{Format::kChromeTrace, "chrometrace", "trace.json", true},
    FormatName{Format::kPprof, "pprof", "pb.gz", false},
    FormatName{Format::kLampyr, "lampyr", "lampyr", true},
};
static_assert(kFormats.size() == kFormatCount);

struct Extension {
    std::string_view text;
    Format format;
};
/// What a name may end in; the longer before the shorter that it ends in.
constexpr std::array kExtensions = {
    Extension{"trace.json", Format::kChromeTrace},
    Extension{"pb.gz", Format::kPprof},
    Extension{"pprof", Format::kPprof},
    Extension{"svg", Format::kFlamegraph},
    Extension{"json", Format::kSpeedscope},
    Extension{"txt", Format::kRaw},
    Extension{"folded", Format::kRaw},
    Extension{"raw", Format::kRaw},
    Extension{"lampyr", Format::kLampyr},
};

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
    for (const Extension& extension : kExtensions) {
        const std::size_t dotted = extension.text.size() + 1;
        if (name.size() <= dotted) continue;  // ".txt" is a hidden file without an extension
        const std::string_view end = name.substr(name.size() - dotted);
        if (end.front() == '.' && same_word(end.substr(1), extension.text)) return extension.format;
    }
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

bool is_binary(Format format) { return format == Format::kPprof || format == Format::kLampyr; }

std::string_view to_string(Format format) {
    const FormatName* entry = entry_of(format);
    return entry == nullptr ? "unknown" : entry->name;
}

}  // namespace lampyr
