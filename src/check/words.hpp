// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/compare.hpp>
#include <lampyr/text.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::check {

// Numbers and names as reports write them. ASCII, so that a column is a byte.

[[nodiscard]] std::string percent(double share);               ///< 0.123: "12.3 %"
[[nodiscard]] std::string signed_percent(double ratio);        ///< 0.05: "+5.0 %"
[[nodiscard]] std::string signed_points(double share);         ///< 0.031: "+3.1"
[[nodiscard]] std::string interval(const Estimate& estimate);  ///< "+1.0 to +5.5 %"
[[nodiscard]] std::string count(double value);                 ///< "12,345"

/// Not longer than `most` bytes and a mark that it was longer; whole characters.
[[nodiscard]] std::string shortened(std::string text, std::size_t most = 160);
/// `name (file:line)`, and in brackets how it was found again where that is not plain. Not yet safe for any sink.
[[nodiscard]] std::string function_label(const FunctionChange& function, bool full_filenames);
/// Text for a Markdown table cell: nothing in it acts as markup.
[[nodiscard]] std::string markdown_text(std::string_view text);
/// A code span for a Markdown table cell.
[[nodiscard]] std::string markdown_code(std::string_view text);

}  // namespace lampyr::check
