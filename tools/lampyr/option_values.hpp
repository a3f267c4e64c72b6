// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lampyr::tool {

enum class ColourChoice : std::uint8_t { kAuto, kAlways, kNever };

/// The words after an option, turned into values. Each failure is kUsage and says what would have been right.
[[nodiscard]] Result<Pid> parse_pid(std::string_view text);  ///< decimal or 0x hexadecimal
[[nodiscard]] Result<double> parse_rate(std::string_view text);
[[nodiscard]] Result<double> parse_max_cpu(std::string_view text);  ///< percent of a core; the answer is a share
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);  ///< seconds, fractions allowed
/// "FROM-TO" in seconds; either may be left out.
struct TimeRange {
    std::optional<std::chrono::nanoseconds> from{};
    std::optional<std::chrono::nanoseconds> to{};
};
[[nodiscard]] Result<TimeRange> parse_time_range(std::string_view text);
[[nodiscard]] Result<Format> parse_format_option(std::string_view text);
[[nodiscard]] Result<std::size_t> parse_count(std::string_view text);  ///< 1 to a million
[[nodiscard]] Result<ColourChoice> parse_colour(std::string_view text);

/// `"text"` cut to a readable length and safe for a terminal.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// Text as one word of a shell command line, safe for a terminal.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace lampyr::tool
