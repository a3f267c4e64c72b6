// SPDX-License-Identifier: MIT
#include "check/words.hpp"

#include "base/escape.hpp"
#include "profile/labels.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lampyr::check {
namespace {

/// Without a minus before a zero.
std::string signed_number(double value) {
    std::string text = fmt::format("{:+.1f}", value);
    return text == "-0.0" ? "+0.0" : text;
}

/// Some dialects make a link of `www.` and of `scheme://` wherever they stand, in a code span of HTML as well.
bool begins_link(std::string_view before, std::string_view rest) {
    return rest.starts_with("://") || (rest.starts_with('.') && (before.ends_with("www") || before.ends_with("WWW")));
}

}  // namespace

std::string shortened(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end) + "...";
}

std::string percent(double share) {
    if (share > 0 && share < 0.0005) return "<0.1 %";
    return fmt::format("{:.1f} %", 100 * share);
}
std::string signed_percent(double ratio) {
    if (ratio > 9.99) return fmt::format("x{:.0f}", ratio + 1);
    return signed_number(100 * ratio) + " %";
}
std::string signed_points(double share) { return signed_number(100 * share); }
std::string interval(const Estimate& estimate) {
    return fmt::format("{} to {}", signed_percent(estimate.low()), signed_percent(estimate.high()));
}

std::string count(double value) { return format_count(static_cast<std::uint64_t>(std::llround(value))); }

std::string function_label(const FunctionChange& function, bool full_filenames) {
    std::string label = shortened(
        profile::location_label(function.name, full_filenames ? function.full_file : function.file, function.line));
    switch (function.match) {
        case MatchKind::kSame:
        case MatchKind::kPath: return label;
        case MatchKind::kMoved: return label + fmt::format(" [moved from {}]", shortened(function.base_file));
        case MatchKind::kRenamed:
            return label + fmt::format(" [was {}; matched by structure]", shortened(function.base_name));
        case MatchKind::kAsked:
            return label + fmt::format(" [was {}]",
                                       shortened(function.base_name.empty() ? function.base_file : function.base_name));
        case MatchKind::kOnlyBase: return label + " [gone]";
        case MatchKind::kOnlyNew: return label + " [new]";
    }
    return label;
}

std::string markdown_text(std::string_view text) {
    std::string safe;
    for (const char c : base::terminal_text(text)) {
        // Entities act in no dialect; a backslash would show in some.
        if (std::string_view("\\`*_{}[]()<>#+-.!|&~@:$\"'").find(c) != std::string_view::npos)
            safe += fmt::format("&#{};", static_cast<int>(c));
        else
            safe.push_back(c);
    }
    return safe;
}

std::string markdown_code(std::string_view text) {
    const std::string html = base::xml_text(text);
    std::string safe;
    for (std::size_t at = 0; at < html.size(); ++at) {
        const char c = html[at];
        const std::string_view view = html;
        if (std::string_view("|`*_[]~@$\\").find(c) != std::string_view::npos ||
            begins_link(view.substr(0, at), view.substr(at)))
            safe += fmt::format("&#{};", static_cast<int>(c));
        else
            safe.push_back(c);
    }
    return "<code>" + safe + "</code>";
}

}  // namespace lampyr::check
