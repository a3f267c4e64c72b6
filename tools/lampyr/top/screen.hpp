// SPDX-License-Identifier: MIT
#pragma once

#include "top/top_facts.hpp"
#include "top/view.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace lampyr::tool {

enum class Style : std::uint8_t { kPlain, kStrong, kDim, kBar, kTitle, kLibrary, kStandard, kMarker, kWarning };

/// Text in one style, safe for a terminal.
struct Piece {
    std::string text;
    Style style = Style::kPlain;
};
using ScreenLine = std::vector<Piece>;

struct ScreenSize {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// Lines of the screen that hold rows of the table.
[[nodiscard]] std::size_t table_lines(ScreenSize size);

/// The whole screen: as many lines as it has rows, none wider than its columns. `table` is sorted and filtered.
[[nodiscard]] std::vector<ScreenLine> make_screen(const TopFacts& facts, const Table& table, const View& view,
                                                  ScreenSize size);

/// The longest start of the text, made safe, that fits; `...` at its end says that something is missing.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t columns);

/// The lines of the head, also for streams of text.
[[nodiscard]] std::vector<std::string> head_lines(const TopFacts& facts);

}  // namespace lampyr::tool
