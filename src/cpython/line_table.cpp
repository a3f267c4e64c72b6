// SPDX-License-Identifier: MIT
#include "cpython/line_table.hpp"

#include <algorithm>
#include <limits>

namespace lampyr::cpython {
namespace {

constexpr std::uint32_t kEndless = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxStarts = 4U << 20;  // 32 MB of index

std::uint32_t to_line(std::int64_t line) {
    return line > 0 && line <= std::numeric_limits<std::int32_t>::max() ? static_cast<std::uint32_t>(line) : 0;
}

std::uint8_t byte_at(std::span<const std::byte> table, std::size_t at) {
    return at < table.size() ? std::to_integer<std::uint8_t>(table[at]) : std::uint8_t{0};
}

// Location table entries, Objects/locations.md: first byte 1cccc lll, all further bytes of an entry below 128.
constexpr std::uint8_t kEntryStart = 0x80;
constexpr unsigned kLastShortForm = 9;
constexpr unsigned kFirstOneLineForm = 10;
constexpr unsigned kLastOneLineForm = 12;
constexpr unsigned kNoColumnsForm = 13;
constexpr unsigned kLongForm = 14;
constexpr unsigned kNoLocationForm = 15;

/// Reads the bytes behind an entry's first one. What lies behind the table's end reads as 0.
class EntryReader {
  public:
    EntryReader(std::span<const std::byte> table, std::size_t at) : table_(table), at_(at) {}

    std::uint8_t byte() { return byte_at(table_, at_++); }
    std::uint32_t varint() {
        std::uint32_t value = 0;
        for (unsigned shift = 0; shift < 32; shift += 6) {
            const std::uint32_t b = byte();
            value |= (b & 63) << shift;
            if ((b & 64) == 0) break;
        }
        return value;
    }
    std::int64_t signed_varint() {
        const std::uint32_t value = varint();
        const auto half = static_cast<std::int64_t>(value >> 1);
        return (value & 1) != 0 ? -half : half;
    }

  private:
    std::span<const std::byte> table_;
    std::size_t at_;
};

struct EntryHead {
    unsigned form = 0;
    std::uint32_t bytes = 0;  // of bytecode
};

EntryHead head_at(std::span<const std::byte> table, std::size_t at) {
    const unsigned first = byte_at(table, at);
    return {(first >> 3) & 15, ((first & 7) + 1) * 2};
}

/// An entry ends where the next byte with the high bit is, as the interpreter sees it.
std::size_t entry_end(std::span<const std::byte> table, std::size_t at) {
    do {
        ++at;
    } while (at < table.size() && (byte_at(table, at) & kEntryStart) == 0);
    return at;
}

std::int64_t line_delta(std::span<const std::byte> table, std::size_t at, unsigned form) {
    if (form == kNoColumnsForm || form == kLongForm) return EntryReader(table, at + 1).signed_varint();
    if (form >= kFirstOneLineForm && form <= kLastOneLineForm) return form - kFirstOneLineForm;
    return 0;
}

/// `line` is the running line with this entry's delta applied.
Position position_of(std::span<const std::byte> table, std::size_t at, unsigned form, std::int64_t line) {
    if (form == kNoLocationForm) return {};
    Position p{to_line(line), to_line(line), -1, -1};
    EntryReader reader(table, at + 1);
    if (form <= kLastShortForm) {
        const unsigned columns = reader.byte();
        p.column = static_cast<std::int32_t>(form * 8 + (columns >> 4));
        p.end_column = p.column + static_cast<std::int32_t>(columns & 15);
    } else if (form <= kLastOneLineForm) {
        p.column = reader.byte();
        p.end_column = reader.byte();
    } else if (form == kLongForm) {
        (void)reader.signed_varint();
        p.end_line = to_line(line + reader.varint());
        p.column = static_cast<std::int32_t>(reader.varint()) - 1;
        p.end_column = static_cast<std::int32_t>(reader.varint()) - 1;
    }
    return p;
}

}  // namespace

LineRanges::LineRanges(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line)
    : kind_(kind),
      table_(table.first(std::min(table.size(), kMaxLineTableBytes))),
      line_(static_cast<std::int32_t>(first_line)) {}

void LineRanges::advance(std::uint32_t bytes) { offset_ = offset_ > kEndless - bytes ? kEndless : offset_ + bytes; }

bool LineRanges::next(LineRange& range) {
    range.start = offset_;
    switch (kind_) {
        case LineTable::kLnotabUnsigned:
        case LineTable::kLnotabSigned: return next_lnotab(range);
        case LineTable::kLinetable310: return next_linetable310(range);
        case LineTable::kLocations: return next_location(range);
    }
    return false;
}

bool LineRanges::next_lnotab(LineRange& range) {
    if (finished_) return false;
    range.line = to_line(line_);
    if (table_.size() - at_ < 2) {
        finished_ = true;
        range.end = kEndless;
        if (table_.size() == kMaxLineTableBytes) range.line = 0;  // cut: what follows is not known
        return true;
    }
    advance(byte_at(table_, at_));
    const std::uint8_t delta = byte_at(table_, at_ + 1);
    line_ += kind_ == LineTable::kLnotabSigned ? static_cast<std::int8_t>(delta) : std::int64_t{delta};
    at_ += 2;
    range.end = offset_;
    return true;
}

bool LineRanges::next_linetable310(LineRange& range) {
    if (table_.size() - at_ < 2) return false;
    advance(byte_at(table_, at_));
    const auto delta = static_cast<std::int8_t>(byte_at(table_, at_ + 1));
    at_ += 2;
    const bool has_line = delta != std::numeric_limits<std::int8_t>::min();
    if (has_line) line_ += delta;
    range.end = offset_;
    range.line = has_line ? to_line(line_) : 0;
    return true;
}

bool LineRanges::next_location(LineRange& range) {
    if (at_ >= table_.size()) return false;
    const EntryHead head = head_at(table_, at_);
    line_ += line_delta(table_, at_, head.form);  // the running line is kept across entries without location
    advance(head.bytes);
    at_ = entry_end(table_, at_);
    range.end = offset_;
    range.line = head.form == kNoLocationForm ? 0 : to_line(line_);
    return true;
}

std::uint32_t line_at(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line,
                      std::uint32_t byte_offset) {
    LineRanges ranges(kind, table, first_line);
    for (LineRange range; ranges.next(range);)
        if (byte_offset < range.end) return range.line;
    return 0;
}

std::optional<Position> position_at(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line,
                                    std::uint32_t byte_offset) {
    if (kind != LineTable::kLocations) return std::nullopt;
    table = table.first(std::min(table.size(), kMaxLineTableBytes));
    std::int64_t line = static_cast<std::int32_t>(first_line);
    std::uint64_t offset = 0;
    for (std::size_t at = 0; at < table.size(); at = entry_end(table, at)) {
        const EntryHead head = head_at(table, at);
        line += line_delta(table, at, head.form);
        offset += head.bytes;
        if (byte_offset < offset) return position_of(table, at, head.form, line);
    }
    return std::nullopt;
}

LineIndex::LineIndex(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line,
                     std::uint32_t code_bytes) {
    LineRanges ranges(kind, table, first_line);
    std::uint32_t covered = 0;
    for (LineRange range; covered < code_bytes && starts_.size() < kMaxStarts && ranges.next(range);) {
        if (range.end <= range.start) continue;
        append(range.start, range.line);
        covered = range.end;
    }
    append(std::min(covered, code_bytes), 0);
    starts_.shrink_to_fit();
}

void LineIndex::append(std::uint32_t offset, std::uint32_t line) {
    if (starts_.empty() ? line != 0 : starts_.back().line != line) starts_.push_back({offset, line});
}

std::uint32_t LineIndex::line(std::uint32_t byte_offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), byte_offset,
                                        [](std::uint32_t offset, const Start& start) { return offset < start.offset; });
    return after == starts_.begin() ? 0 : std::prev(after)->line;
}

}  // namespace lampyr::cpython
