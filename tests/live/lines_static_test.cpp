// SPDX-License-Identifier: MIT
// Our line tables against the interpreter's own answers, for every instruction of 10,000 standard-library code objects.
#include "cpython/layout_table.hpp"
#include "cpython/line_table.hpp"
#include "support/interpreters.hpp"
#include "support/python_process.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <vector>

namespace lampyr::cpython {
namespace {

constexpr std::uint32_t kCodeObjects = 10'000;
constexpr std::uint32_t kEnd = 0xFFFFFFFF;

class LinesStatic : public test::InterpreterTest {
  protected:
    struct Counts {
        std::uint64_t codes = 0;
        std::uint64_t instructions = 0;
        std::uint64_t without_line = 0;
        std::uint64_t wrong_index = 0;
        std::uint64_t wrong_walk = 0;
        std::uint64_t wrong_position = 0;
    };

    static std::vector<std::int32_t> numbers(test::PythonProcess& python, std::size_t count) {
        const std::string bytes = python.read_bytes(count * 4);
        std::vector<std::int32_t> result(bytes.size() / 4);
        if (!result.empty()) std::memcpy(result.data(), bytes.data(), result.size() * 4);
        return result;
    }

    void check(test::PythonProcess& python, LineTable kind, bool columns, const std::vector<std::int32_t>& head);
    void check_instruction(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line,
                           const LineIndex& index, const std::int32_t* row, bool columns, bool small);

    Counts counts_;
};

/// `row`: offset, line, and with columns line, end line, column, end column.
void LinesStatic::check_instruction(LineTable kind, std::span<const std::byte> table, std::uint32_t first_line,
                                    const LineIndex& index, const std::int32_t* row, bool columns, bool small) {
    const auto offset = static_cast<std::uint32_t>(row[0]);
    const std::uint32_t line = row[1] > 0 ? static_cast<std::uint32_t>(row[1]) : 0;
    ++counts_.instructions;
    if (line == 0) ++counts_.without_line;
    if (index.line(offset) != line) ++counts_.wrong_index;
    if (!small) return;  // these start at the table's beginning each time
    if (line_at(kind, table, first_line, offset) != line) ++counts_.wrong_walk;
    if (!columns) return;
    const auto unsigned_line = [](std::int32_t value) { return value > 0 ? static_cast<std::uint32_t>(value) : 0U; };
    const Position expected{unsigned_line(row[2]), unsigned_line(row[3]), row[4], row[5]};
    const auto position = position_at(kind, table, first_line, offset);
    if (!position || *position != expected) ++counts_.wrong_position;
}

void LinesStatic::check(test::PythonProcess& python, LineTable kind, bool columns,
                        const std::vector<std::int32_t>& head) {
    const auto first_line = static_cast<std::uint32_t>(head[0]);
    const auto code_bytes = static_cast<std::uint32_t>(head[1]);
    const std::string table_bytes = python.read_bytes(static_cast<std::uint32_t>(head[2]));
    const auto table = std::as_bytes(std::span(table_bytes));
    const auto count = numbers(python, 1);
    ASSERT_EQ(count.size(), 1U);
    const std::size_t width = columns ? 6 : 2;
    const auto rows = numbers(python, static_cast<std::size_t>(count[0]) * width);
    ASSERT_EQ(rows.size(), static_cast<std::size_t>(count[0]) * width);

    const LineIndex index(kind, table, first_line, code_bytes);
    for (std::size_t at = 0; at < rows.size(); at += width)
        check_instruction(kind, table, first_line, index, rows.data() + at, columns, table.size() <= 4096);
    EXPECT_EQ(index.line(code_bytes), 0U);
    ++counts_.codes;
}

TEST_P(LinesStatic, EqualTheInterpretersOwn) {
    const Layout* layout = find_layout(test::layout_version(GetParam()));
    ASSERT_NE(layout, nullptr);
    test::PythonProcess python(python_.path, "line_corpus.py", {std::to_string(kCodeObjects)});
    const auto columns = numbers(python, 1);
    ASSERT_EQ(columns.size(), 1U) << "the corpus script failed";
    EXPECT_EQ(columns[0] != 0, layout->line_table == LineTable::kLocations);
    for (;;) {
        const auto head = numbers(python, 3);
        ASSERT_EQ(head.size(), 3U) << "the corpus ended early, after " << counts_.codes << " code objects";
        if (static_cast<std::uint32_t>(head[1]) == kEnd) break;
        check(python, layout->line_table, columns[0] != 0, head);
        if (HasFatalFailure()) return;
    }
    std::printf("%s: %llu instructions of %llu code objects, %llu of them without a line\n", GetParam(),
                static_cast<unsigned long long>(counts_.instructions), static_cast<unsigned long long>(counts_.codes),
                static_cast<unsigned long long>(counts_.without_line));
    EXPECT_GE(counts_.codes, kCodeObjects);
    EXPECT_EQ(counts_.wrong_index, 0U);
    EXPECT_EQ(counts_.wrong_walk, 0U);
    EXPECT_EQ(counts_.wrong_position, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, LinesStatic, testing::ValuesIn(test::kVersions), LinesStatic::name);

}  // namespace
}  // namespace lampyr::cpython
