// SPDX-License-Identifier: MIT
#pragma once

#include "top/statistics.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lampyr::tool {

/// A key as far as the screen cares. Below 0x110000 it is the character typed.
enum class Key : std::uint32_t {
    kEnter = 0x110000,
    kEscape,
    kBackspace,
    kUp,
    kDown,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kOther,
};
[[nodiscard]] constexpr Key key_of(char32_t character) { return static_cast<Key>(character); }

/// What a key asks for that is not a matter of the view alone.
enum class Action : std::uint8_t { kNone, kQuit, kReset, kWrite, kPause };

/// What the person at the screen has chosen. Changed by `press` and `settle` only.
struct View {
    TableRequest request{};
    SortKey sort = SortKey::kSelfNow;
    std::string filter{};
    std::optional<std::string> draft{};  ///< the filter being typed
    std::string filter_error{};
    std::optional<std::uint64_t> selected{};  ///< key of the row with the bar; none: it stays at the top
    std::size_t place = 0;                    ///< of the selected row
    std::size_t scroll = 0;                   ///< first line of the table shown
    bool paused = false;
    bool help = false;
    bool lines = false;  ///< functions by line
    std::string message{};
    std::chrono::milliseconds delay{1000};
    std::string only{};  ///< words for the thread or process that is shown alone
};

/// `rows` are those on the screen, `page` how many lines of them it shows.
[[nodiscard]] Action press(View& view, Key key, const std::vector<TopRow>& rows, std::size_t page);

/// The row under the bar in a new table, and scrolling that keeps it in sight.
void settle(View& view, const Table& table, std::size_t page);

/// Lines of the table before that row: those of an opened one count.
[[nodiscard]] std::size_t line_of(const View& view, const Table& table, std::size_t place);

}  // namespace lampyr::tool
