// SPDX-License-Identifier: MIT
#include "cpython/frame_position.hpp"

#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

namespace lampyr::cpython {
namespace {

class FramePosition : public test::LayoutTest {
  protected:
    /// A frame of `code` at this offset of its bytecode.
    [[nodiscard]] RawFrame frame_at(RemoteAddr code, std::uint32_t offset) const {
        return {.frame = {}, .code = code, .instruction = py_.instruction({.code = code, .offset = offset})};
    }
    [[nodiscard]] std::optional<Position> position(const RawFrame& frame) const {
        return frame_position(py_.memory(), layout(), frame);
    }
    [[nodiscard]] bool has_columns() const { return layout().line_table == LineTable::kLocations; }

    test::FakePython py_{layout()};
};

// One unit in columns 4 to 9 of the first line, then one on the next line in columns 8 to 12.
const std::vector<std::uint8_t> kTable{0x80 | 10 << 3, 4, 9, 0x80 | 11 << 3, 8, 12};

TEST_P(FramePosition, IsThatOfItsInstruction) {
    if (!has_columns()) {
        EXPECT_EQ(position(frame_at(py_.code({.first_line = 7}), 2)), std::nullopt);
        return;
    }
    const RemoteAddr code = py_.code({.first_line = 7, .table = kTable, .code_bytes = 4});
    EXPECT_EQ(position(frame_at(code, 0)), (Position{7, 7, 4, 9}));
    EXPECT_EQ(position(frame_at(code, 2)), (Position{8, 8, 8, 12}));
    EXPECT_EQ(position(frame_at(code, 4)), std::nullopt);
}

TEST_P(FramePosition, IsNothingWhereThereIsNoCode) {
    if (!has_columns()) return;
    const RemoteAddr code = py_.code({.first_line = 7, .table = kTable, .code_bytes = 4});
    const RawFrame frame = frame_at(code, 2);
    py_.put(code, layout().code.linetable, RemoteAddr(3));
    EXPECT_EQ(position(frame), std::nullopt);
    py_.put(code, layout().code.linetable, py_.bytes({}));
    EXPECT_EQ(position(frame), std::nullopt);
    const RemoteAddr endless = py_.bytes(kTable);
    py_.put(endless, layout().bytes.size, ~std::uint64_t{0});
    py_.put(code, layout().code.linetable, endless);
    EXPECT_EQ(position(frame), std::nullopt);
    py_.put(code, layout().bytes.size, ~std::uint64_t{0});
    EXPECT_EQ(position(frame), std::nullopt);
    EXPECT_EQ(position(RawFrame{.frame = {}, .code = RemoteAddr(0x1000)}), std::nullopt);
}

TEST_P(FramePosition, FollowsTheThreadsOwnBytecode) {
    if (!layout().code.tlbc.present()) return;
    const RemoteAddr code = py_.code({.first_line = 7, .table = kTable, .code_bytes = 4});
    const RemoteAddr copy = py_.add_tlbc(code, 3);
    EXPECT_EQ(position({.frame = {}, .code = code, .instruction = copy.value + 2, .tlbc_index = 3}),
              (Position{8, 8, 8, 12}));
}

INSTANTIATE_TEST_SUITE_P(All, FramePosition, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
