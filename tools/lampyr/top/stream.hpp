// SPDX-License-Identifier: MIT
#pragma once

#include "top/statistics.hpp"
#include "top/top_facts.hpp"

#include <string>

namespace lampyr::tool {

enum class StreamFormat : std::uint8_t { kText, kJson, kCsv };

/// One table for a pipe. `table` is sorted, filtered and as short as it is to be. Text: a head and rows, an empty line behind
/// them. JSON: one object on one line. CSV: a line for each row.
[[nodiscard]] std::string stream_table(StreamFormat format, const TopFacts& facts, const Table& table, RowKind rows);
/// What stands before the first table.
[[nodiscard]] std::string stream_start(StreamFormat format);

}  // namespace lampyr::tool
