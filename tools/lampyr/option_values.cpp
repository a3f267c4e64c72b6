// SPDX-License-Identifier: MIT
#include "option_values.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace lampyr::tool {
namespace {

constexpr double kMaxRate = 1'000'000;
constexpr double kMaxSeconds = 100'000'000;  // three years; far below what nanoseconds in 64 bits hold

Error usage(std::string message, std::string hint = {}) {
    return Error{ErrorCode::kUsage, std::move(message), std::move(hint), 0};
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, value);
    if (failure != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string format_list() {
    std::string list;
    for (std::size_t i = 0; i < kFormatCount; ++i) {
        if (i > 0) list += i + 1 == kFormatCount ? " or " : ", ";
        list += to_string(static_cast<Format>(i));
    }
    return list;
}

}  // namespace

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    const bool cut = text.size() > kLongest;
    return fmt::format("\"{}{}\"", terminal_safe(text.substr(0, kLongest)), cut ? "..." : "");
}

std::string shell_word(std::string_view text) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string{text};
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    return terminal_safe(word + "'");
}

Result<Pid> parse_pid(std::string_view text) {
    std::string_view digits = text;
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (hex) digits.remove_prefix(2);
    std::int32_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, failure] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
    if (digits.empty() || failure != std::errc{} || stop != end || value <= 0) {
        return usage(fmt::format("bad process id {}", in_quotes(text)),
                     "give a positive number as ps shows it, decimal or 0x hexadecimal");
    }
    return Pid{value};
}

Result<double> parse_rate(std::string_view text) {
    const std::optional<double> value = parse_number(text);
    if (!value || *value <= 0 || *value > kMaxRate) {
        return usage(fmt::format("bad rate {}", in_quotes(text)),
                     "give samples a second, more than 0 and at most 1000000, such as -r 100");
    }
    return *value;
}

Result<double> parse_max_cpu(std::string_view text) {
    std::string_view digits = text;
    if (digits.ends_with('%')) digits.remove_suffix(1);
    const std::optional<double> value = parse_number(digits);
    if (!value || *value <= 0 || *value > 100) {
        return usage(fmt::format("bad limit {}", in_quotes(text)),
                     "give percent of one core, more than 0 and at most 100, such as --max-cpu 5");
    }
    return *value / 100;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const std::optional<double> value = parse_number(text);
    if (!value || *value <= 0 || *value > kMaxSeconds) {
        return usage(fmt::format("bad duration {}", in_quotes(text)),
                     "give seconds, more than 0, such as -d 10 or -d 0.5");
    }
    const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*value));
    return std::max(time, std::chrono::nanoseconds{1});
}

Result<TimeRange> parse_time_range(std::string_view text) {
    TimeRange range;
    bool good = false;
    const std::size_t dash = text.find('-');
    const auto take = [](std::string_view part, std::optional<std::chrono::nanoseconds>& into) {
        if (part.empty()) return true;
        const std::optional<double> value = parse_number(part);
        if (!value || *value < 0 || *value > kMaxSeconds) return false;
        into = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*value));
        return true;
    };
    if (dash != std::string_view::npos)
        good = take(text.substr(0, dash), range.from) && take(text.substr(dash + 1), range.to);
    good = good && (range.from || range.to) && (!range.from || !range.to || *range.from < *range.to);
    if (good) return range;
    return usage(fmt::format("bad time {}", in_quotes(text)),
                 "give seconds since the recording began, such as --time 10-20, --time 10- or --time -20");
}

Result<Format> parse_format_option(std::string_view text) {
    if (const std::optional<Format> format = parse_format(text)) return *format;
    return usage(fmt::format("unknown format {}", in_quotes(text)), "use " + format_list());
}

Result<std::size_t> parse_count(std::string_view text) {
    std::size_t value = 0;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || stop != text.data() + text.size() || value == 0 || value > 1'000'000)
        return usage(fmt::format("bad number {}", in_quotes(text)), "give a whole number from 1 to 1000000");
    return value;
}

Result<ColourChoice> parse_colour(std::string_view text) {
    if (text == "auto") return ColourChoice::kAuto;
    if (text == "always") return ColourChoice::kAlways;
    if (text == "never") return ColourChoice::kNever;
    return usage(fmt::format("unknown colour choice {}", in_quotes(text)), "use auto, always or never");
}

}  // namespace lampyr::tool
