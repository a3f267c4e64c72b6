// SPDX-License-Identifier: MIT
// Tables written by hand; the interpreters' own tables are compared in tests/live/lines_static_test.cpp.
#include "cpython/line_table.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>

namespace lampyr::cpython {
namespace {

using Table = std::vector<std::byte>;

Table bytes(std::initializer_list<int> values) {
    Table table;
    for (const int value : values) table.push_back(static_cast<std::byte>(value));
    return table;
}

/// Line at each offset in turn, by walk and by index.
std::vector<std::uint32_t> lines(LineTable kind, const Table& table, std::uint32_t first, std::uint32_t code_bytes,
                                 std::uint32_t step = 2) {
    const LineIndex index(kind, table, first, code_bytes);
    std::vector<std::uint32_t> result;
    for (std::uint32_t offset = 0; offset < code_bytes; offset += step) {
        result.push_back(line_at(kind, table, first, offset));
        EXPECT_EQ(index.line(offset), result.back()) << "offset " << offset;
    }
    EXPECT_EQ(index.line(code_bytes), 0U);
    EXPECT_EQ(index.line(0xFFFFFFFF), 0U);
    return result;
}

using Lines = std::vector<std::uint32_t>;

int entry(int form, int units) { return 0x80 | form << 3 | (units - 1); }

TEST(LineTable, UnsignedDeltasOf27) {
    // Offset 6: line +200, not -56.
    EXPECT_EQ(lines(LineTable::kLnotabUnsigned, bytes({6, 200, 2, 1}), 10, 10), (Lines{10, 10, 10, 210, 211}));
    // Line deltas above 255 are several entries without code between them.
    EXPECT_EQ(lines(LineTable::kLnotabUnsigned, bytes({2, 255, 0, 255}), 1, 4), (Lines{1, 511}));
}

TEST(LineTable, SignedDeltas) {
    EXPECT_EQ(lines(LineTable::kLnotabSigned, bytes({4, 2, 2, 0xFE, 2, 1}), 5, 10), (Lines{5, 5, 7, 5, 6}));
    EXPECT_EQ(lines(LineTable::kLnotabSigned, bytes({0, 1, 2, 1}), 5, 4), (Lines{6, 7}));  // an entry at 0
    EXPECT_EQ(lines(LineTable::kLnotabSigned, {}, 5, 4), (Lines{5, 5}));
    EXPECT_EQ(lines(LineTable::kLnotabSigned, bytes({2, 1, 2}), 5, 6), (Lines{5, 6, 6}));  // half an entry is none
}

TEST(LineTable, Of310KeepsTheLengthOfRangesWithoutLine) {
    const int none = 0x80;
    EXPECT_EQ(lines(LineTable::kLinetable310, bytes({4, 0, 4, none, 2, 1, 2, 0xFF}), 11, 14),
              (Lines{11, 11, 0, 0, 12, 11, 0}));  // behind the table: none
    EXPECT_EQ(lines(LineTable::kLinetable310, bytes({0, 100, 2, 1}), 1, 2), (Lines{102}));
}

TEST(LineTable, OfLocationsGivesTheOpeningInstructionItsOwnLine) {
    // Two units at first+0, one at +1 (a short form), one three lines further by a signed varint.
    const auto table = bytes({entry(10, 2), 4, 9, entry(11, 1), 8, 12, entry(13, 1), 3 << 1});
    EXPECT_EQ(lines(LineTable::kLocations, table, 20, 10), (Lines{20, 20, 21, 24, 0}));
}

TEST(LineTable, OfLocationsKeepsTheRunningLineAcrossNoLocation) {
    const auto table = bytes({entry(11, 1), 0, 1, entry(15, 2), entry(0, 1), 0x00, entry(13, 1), 2 << 1 | 1});
    EXPECT_EQ(lines(LineTable::kLocations, table, 30, 10), (Lines{31, 0, 0, 31, 29}));
}

TEST(LineTable, ReadsLongVarints) {
    const auto table = bytes({entry(13, 1), 64 | (200 << 1 & 63), 200 << 1 >> 6});
    EXPECT_EQ(lines(LineTable::kLocations, table, 1, 2), (Lines{201}));
}

TEST(LineTable, TellsColumns) {
    const auto table =
        bytes({entry(3, 1), 5 << 4 | 7, entry(12, 1), 90, 100,                   // short, one line
               entry(14, 1), 1 << 1, 2, 11, 1, entry(13, 1), 0, entry(15, 1)});  // long, no columns, none
    const auto at = [&](std::uint32_t offset) { return position_at(LineTable::kLocations, table, 7, offset); };
    EXPECT_EQ(at(0), (Position{7, 7, 29, 36}));
    EXPECT_EQ(at(2), (Position{9, 9, 90, 100}));
    EXPECT_EQ(at(4), (Position{10, 12, 10, 0}));
    EXPECT_EQ(at(6), (Position{10, 10, -1, -1}));
    EXPECT_EQ(at(8), (Position{0, 0, -1, -1}));
    EXPECT_EQ(at(10), std::nullopt);
    EXPECT_EQ(position_at(LineTable::kLinetable310, table, 7, 0), std::nullopt);
}

TEST(LineTable, IndexMergesRunsOfOneLine) {
    Table table;
    for (int i = 0; i < 1000; ++i)
        table.insert(table.end(), {static_cast<std::byte>(entry(10, 8)), std::byte{1}, std::byte{2}});
    EXPECT_EQ(LineIndex(LineTable::kLocations, table, 3, 16000).size(), 2U);  // the line, and the end of the code
}

TEST(LineTable, TakesAMegabyte) {
    Table table;
    for (int i = 0; i < 350'000; ++i)
        table.insert(table.end(), {static_cast<std::byte>(entry(11, 1)), std::byte{1}, std::byte{2}});
    const LineIndex index(LineTable::kLocations, table, 1, 700'000);
    EXPECT_EQ(index.line(0), 2U);
    EXPECT_EQ(index.line(699'998), 350'001U);
    EXPECT_EQ(index.line(123'456), 61'730U);
}

TEST(LineTable, StopsAtTheLimitInsteadOfGuessing) {
    const Table table(kMaxLineTableBytes + 100, std::byte{1});
    const LineIndex index(LineTable::kLnotabUnsigned, table, 1, 64U << 20);
    EXPECT_EQ(index.line(1000), 1001U);
    EXPECT_EQ(index.line(63U << 20), 0U);
    EXPECT_EQ(line_at(LineTable::kLnotabUnsigned, table, 1, 63U << 20), 0U);
}

TEST(LineTable, SurvivesAnyBytes) {
    std::mt19937 random(3);
    for (const LineTable kind :
         {LineTable::kLnotabUnsigned, LineTable::kLnotabSigned, LineTable::kLinetable310, LineTable::kLocations}) {
        for (int round = 0; round < 2000; ++round) {
            Table table(random() % 64);
            for (auto& byte : table) byte = static_cast<std::byte>(random());
            table.shrink_to_fit();  // for the address sanitizer
            const auto first = static_cast<std::uint32_t>(random());
            const auto code_bytes = static_cast<std::uint32_t>(random() % 400 * 2);
            const LineIndex index(kind, table, first, code_bytes);
            for (std::uint32_t offset = 0; offset < code_bytes; offset += 2) {
                ASSERT_EQ(index.line(offset), line_at(kind, table, first, offset));
                static_cast<void>(position_at(kind, table, first, offset));
            }
        }
    }
}

}  // namespace
}  // namespace lampyr::cpython
