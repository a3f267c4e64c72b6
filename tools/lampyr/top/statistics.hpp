// SPDX-License-Identifier: MIT
#pragma once

#include "top/live_profile.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::tool {

/// What one row of the table stands for.
enum class RowKind : std::uint8_t { kFunction, kLine, kThread, kProcess };

struct Times {
    std::chrono::nanoseconds self{0};
    std::chrono::nanoseconds total{0};
};

struct TopRow {
    std::uint64_t key = 0;  ///< stays the same from one table to the next
    std::string label;      ///< not yet safe for a terminal
    FunctionKind kind = FunctionKind::kProject;
    Times now;
    Times all;
};

/// One caller or callee of the row that is opened.
struct Neighbour {
    std::string label;
    bool caller = false;
    std::chrono::nanoseconds now{0};
    std::chrono::nanoseconds all{0};
};

struct TableRequest {
    RowKind rows = RowKind::kFunction;
    std::optional<ThreadId> thread{};       ///< only this thread
    std::optional<ProcessId> process{};     ///< only this process
    std::optional<std::uint64_t> opened{};  ///< the row whose neighbours are wanted; of functions and lines
    bool full_filenames = false;
};

struct Table {
    std::vector<TopRow> rows;                 ///< in no order; those with no time at all left out
    std::vector<Neighbour> neighbours;        ///< callers, then callees, most first
    std::chrono::nanoseconds sampled_now{0};  ///< all samples' time
    std::chrono::nanoseconds sampled_all{0};
};

/// Adds up what was counted. A stack counts once for each function in it, however often that recurs.
[[nodiscard]] Table make_table(const LiveProfile& live, const TableRequest& request);

enum class SortKey : std::uint8_t { kSelfNow, kTotalNow, kSelfAll, kTotalAll, kName };
inline constexpr std::size_t kSortKeys = 5;
[[nodiscard]] std::string_view to_string(SortKey key);

/// Most first; equal ones by the other times, then by name, so that rows do not jump about.
void sort_rows(std::vector<TopRow>& rows, SortKey key);

/// Keeps rows whose label matches the POSIX extended expression; small letters match large ones too. The reason when it is none.
[[nodiscard]] std::optional<std::string> filter_rows(std::vector<TopRow>& rows, const std::string& expression);

}  // namespace lampyr::tool
