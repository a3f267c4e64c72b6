// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// Tables are decoded up to here; instructions that only a later byte describes have no line. The largest tables seen in
/// real code have some 100 KB.
inline constexpr std::size_t kMaxLineTableBytes = 16U << 20;

/// A run of bytecode [start, end) with one line. `line` 0: the interpreter itself has none for it.
struct LineRange {
    std::uint32_t start = 0;
    std::uint32_t end = 0;
    std::uint32_t line = 0;
};

/// Steps through the ranges of a line table, in order of bytecode, for all four encodings. Ranges may be empty. Never reads
/// outside the table; ends after at most one range a table byte (and one more).
/// What a range says is what `frame.f_lineno` says for a frame stopped at an instruction in it (Objects/codeobject.c,
/// PyCode_Addr2Line; from 3.10 on _PyCode_CheckLineNumber).
class LineRanges {
  public:
    LineRanges(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line);
    /// False at the end of the table. Before 3.10 the last range has no end of its own: it ends at the largest offset.
    bool next(LineRange& range);

  private:
    bool next_lnotab(LineRange& range);
    bool next_linetable310(LineRange& range);
    bool next_location(LineRange& range);
    void advance(std::uint32_t bytes);

    LineTable kind_;
    std::span<const std::byte> table_;
    std::size_t at_ = 0;
    std::uint32_t offset_ = 0;
    std::int64_t line_;
    bool finished_ = false;
};

/// Line of the instruction at `byte_offset`; 0 when the interpreter itself has none. Decodes from the start each time:
/// for one question. `LineIndex` is for many.
[[nodiscard]] std::uint32_t line_at(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line,
                                    std::uint32_t byte_offset);

/// Where in the source an instruction stands (3.11+), as `code.co_positions()` says. 0 and -1: not known.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t end_line = 0;
    std::int32_t column = -1;  ///< bytes of UTF-8 from the start of the line
    std::int32_t end_column = -1;
    friend bool operator==(const Position&, const Position&) = default;
};
/// Nothing when the table has no columns (≤ 3.10) or ends before `byte_offset`.
[[nodiscard]] std::optional<Position> position_at(LineTable kind, std::span<const std::byte> table,
                                                  std::uint32_t first_line, std::uint32_t byte_offset);

/// The lines of one code object, decoded once: O(log n) a look-up, 8 bytes a change of line.
class LineIndex {
  public:
    LineIndex() = default;
    LineIndex(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line, std::uint32_t code_bytes);

    /// As `line_at`; 0 at and behind the end of the code.
    [[nodiscard]] std::uint32_t line(std::uint32_t byte_offset) const;
    [[nodiscard]] std::size_t size() const { return starts_.size(); }

  private:
    struct Start {
        std::uint32_t offset;
        std::uint32_t line;
    };
    void append(std::uint32_t offset, std::uint32_t line);

    std::vector<Start> starts_;  // sorted by offset; a line holds up to the next start
};

}  // namespace lampyr::cpython
