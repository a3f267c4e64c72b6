// SPDX-License-Identifier: MIT
#include "cpython/code_object.hpp"

#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace lampyr::cpython {
namespace {

class ReadCodeObject : public test::LayoutTest {
  protected:
    [[nodiscard]] Decoded<CodeObject> read(RemoteAddr code, RemoteAddr type = {}) const {
        return read_code_object(py_.memory(), layout(), code, type);
    }
    [[nodiscard]] bool proven(const CodeObject& code) const {
        std::vector<std::byte> bytes(code.identity.proof_bytes());
        const std::size_t got = py_.memory().read_segments(code.identity.proof_segments(), bytes);
        return code.identity.still_same(std::span(bytes).first(got));
    }
    [[nodiscard]] bool inside() const { return layout().code.code_adaptive.present(); }

    test::FakePython py_{layout()};
};

TEST_P(ReadCodeObject, TakesEveryField) {
    std::vector<std::uint8_t> bytecode(40);
    for (std::size_t i = 0; i < bytecode.size(); ++i) bytecode[i] = static_cast<std::uint8_t>(i);
    const RemoteAddr address = py_.code({.name = "method",
                                         .file = "/lib/a.py",
                                         .first_line = 33,
                                         .bytecode = bytecode,
                                         .first_traceable = 3,
                                         .locals = 5,
                                         .stack = 7,
                                         .qualname = "Class.method"});
    const auto code = read(address);
    ASSERT_TRUE(code) << to_string(code.error());
    EXPECT_EQ(code->name, layout().code.qualname.present() ? "Class.method" : "method");
    EXPECT_EQ(code->file, "/lib/a.py");
    EXPECT_EQ(code->first_line, 33U);
    EXPECT_EQ(code->code_bytes, 40U);
    EXPECT_EQ(code->lines.line(12), 33U);
    EXPECT_EQ(code->lines_error, DecodeError::kOk);
    EXPECT_EQ(code->first_traceable, inside() ? 6U : 0U);
    EXPECT_EQ(code->frame_size_bytes, inside() ? layout().frame.localsplus.value() + 12 * 8 : 0U);
    EXPECT_EQ(code->type, py_.type("code"));
    EXPECT_TRUE(std::ranges::equal(code->bytecode, std::as_bytes(std::span(bytecode))));
}

TEST_P(ReadCodeObject, KeepsThePrefixOfLongBytecode) {
    const auto code = read(py_.code({.code_bytes = 200'000}));
    ASSERT_TRUE(code);
    EXPECT_EQ(code->code_bytes, 200'000U);
    EXPECT_EQ(code->bytecode.size(), kMaxBytecodeBytes);
    EXPECT_EQ(code->lines.line(199'998), 1U);
}

TEST_P(ReadCodeObject, ChecksTheType) {
    const RemoteAddr code = py_.code({});
    EXPECT_TRUE(read(code, py_.type("code")));
    EXPECT_EQ(read(code, py_.type("function")).error(), DecodeError::kWrongType);
    py_.put(code, layout().object.type, py_.type("function"));
    EXPECT_EQ(read(code).error(), DecodeError::kWrongType);
    EXPECT_TRUE(is_code_type(py_.memory(), layout(), py_.type("code")));
    EXPECT_FALSE(is_code_type(py_.memory(), layout(), py_.type("codec")));
    EXPECT_FALSE(is_code_type(py_.memory(), layout(), py_.type("cod")));
    EXPECT_FALSE(is_code_type(py_.memory(), layout(), RemoteAddr(0x1000)));
}

TEST_P(ReadCodeObject, RefusesWhatCannotBeRead) {
    EXPECT_EQ(read(RemoteAddr()).error(), DecodeError::kBadPointer);
    EXPECT_EQ(read(RemoteAddr(0x5000'0004)).error(), DecodeError::kBadPointer);
    EXPECT_EQ(read(RemoteAddr(0x5000'0000)).error(), DecodeError::kUnreadable);
    const RemoteAddr no_name = py_.code({});
    py_.put(no_name, layout().code.name, std::uint64_t{0});
    py_.put(no_name, layout().code.qualname, std::uint64_t{0});
    EXPECT_EQ(read(no_name).error(), DecodeError::kBadPointer);
    const RemoteAddr endless = py_.code({});
    if (inside()) {
        py_.put(endless, layout().bytes.size, std::uint64_t{1} << 40);
        EXPECT_EQ(read(endless).error(), DecodeError::kBadSize);
        py_.put(endless, layout().bytes.size, std::uint64_t{1} << 20);  // plausible, but not there
    } else {
        py_.put(endless, layout().code.code_bytes, RemoteAddr(0x5000'0000));
        EXPECT_EQ(read(endless).error(), DecodeError::kUnreadable);
        const RemoteAddr bytes = py_.bytes({1, 2, 3, 4});
        py_.put(bytes, layout().bytes.size, std::uint64_t{1} << 20);
        py_.put(endless, layout().code.code_bytes, bytes);
    }
    EXPECT_EQ(read(endless).error(), DecodeError::kBadSize);
}

TEST_P(ReadCodeObject, ABadLineTableCostsOnlyTheLines) {
    const RemoteAddr no_table = py_.code({.name = "f"});
    py_.put(no_table, layout().code.linetable, std::uint64_t{0});
    const RemoteAddr cut_table = py_.code({.name = "f"});
    const RemoteAddr table = py_.bytes({1, 2, 3, 4});
    py_.put(table, layout().bytes.size, std::uint64_t{5000});
    py_.put(cut_table, layout().code.linetable, table);
    for (const RemoteAddr address : {no_table, cut_table}) {
        const auto code = read(address);
        ASSERT_TRUE(code) << to_string(code.error());
        EXPECT_EQ(code->name, "f");
        EXPECT_NE(code->lines_error, DecodeError::kOk);
        EXPECT_EQ(code->lines.line(0), 0U);
        EXPECT_TRUE(proven(*code));
    }
}

TEST_P(ReadCodeObject, IdentityHoldsWhileTheObjectLives) {
    const RemoteAddr address = py_.code({});
    const auto code = read(address);
    ASSERT_TRUE(code);
    EXPECT_TRUE(proven(*code));
    py_.memory().put<std::uint32_t>(address, 77);  // reference count
    const RemoteAddr name(py_.memory().get<std::uint64_t>(address + layout().code.name.value()));
    py_.memory().put<std::uint32_t>(name, 99);
    py_.memory().put<std::uint64_t>(name + layout().string.length.value() + 8, 0x1234);                   // cached hash
    if (inside()) py_.memory().put<std::uint8_t>(address + layout().code.code_adaptive.value() + 2, 42);  // specialised
    EXPECT_TRUE(proven(*code));
}

TEST_P(ReadCodeObject, IdentitySeesEachKindOfReuse) {
    const test::FakeCode made{.name = "first", .file = "first.py", .first_line = 10, .code_bytes = 64};
    const auto& c = layout().code;
    const auto broken_by = [&](auto change) {
        const RemoteAddr address = py_.code(made);
        const auto code = read(address);
        EXPECT_TRUE(code && proven(*code));
        change(address);
        return code && !proven(*code);
    };
    const Offset name = c.qualname.present() ? c.qualname : c.name;
    const auto text_of = [&](RemoteAddr address, Offset field) {
        return RemoteAddr(py_.memory().get<std::uint64_t>(address + field.value())) +
               layout().string.ascii_data.value();
    };
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.put(a, layout().object.type, py_.type("dict")); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.put(a, name, py_.string("first")); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.put(a, c.filename, py_.string("first.py")); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.put(a, c.linetable, py_.bytes({2, 0})); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.put(a, c.firstlineno, 11U); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) {
        if (inside())
            py_.put(a, layout().bytes.size, std::uint64_t{31});
        else
            py_.put(a, c.code_bytes, py_.bytes({1, 2, 3, 4}));
    }));
    // Same address, same pointers, other text in them.
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.memory().put_bytes(text_of(a, name), "other"); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.memory().put_bytes(text_of(a, c.filename), "other.py"); }));
    EXPECT_TRUE(broken_by([&](RemoteAddr a) { py_.memory().unmap(a); }));
}

TEST_P(ReadCodeObject, ProofsOfManyFitOneRead) {
    std::vector<process::RemoteSegment> segments;
    std::vector<CodeObject> codes;
    std::size_t bytes = 0;
    for (int i = 0; i < 20; ++i) {
        auto code = read(py_.code({.name = "f" + std::to_string(i)}));
        ASSERT_TRUE(code);
        const auto own = code->identity.proof_segments();
        segments.insert(segments.end(), own.begin(), own.end());
        bytes += code->identity.proof_bytes();
        ASSERT_LE(code->identity.proof_bytes(), CodeIdentity::kMaxProofBytes);
        codes.push_back(std::move(*code));
    }
    std::vector<std::byte> read_bytes(bytes);
    ASSERT_EQ(py_.memory().read_segments(segments, read_bytes), bytes);
    std::size_t at = 0;
    for (const CodeObject& code : codes) {
        EXPECT_TRUE(code.identity.still_same(std::span(read_bytes).subspan(at, code.identity.proof_bytes())));
        at += code.identity.proof_bytes();
    }
    EXPECT_FALSE(codes[0].identity.still_same(std::span(read_bytes).first(codes[0].identity.proof_bytes() - 1)));
    EXPECT_FALSE(CodeIdentity().still_same({}));
}

TEST_P(ReadCodeObject, FindsTheOffsetOfAFrame) {
    const RemoteAddr code = py_.code({.code_bytes = 64});
    const auto offset = [&](std::uint64_t instruction) { return instruction_offset(layout(), code, 64, instruction); };
    EXPECT_EQ(offset(py_.instruction({.code = code, .offset = 0})), 0U);
    EXPECT_EQ(offset(py_.instruction({.code = code, .offset = 62})), 62U);
    EXPECT_EQ(offset(py_.instruction({.code = code, .offset = 64})), std::nullopt);
    EXPECT_EQ(offset(~std::uint64_t{0}), std::nullopt);  // f_lasti -1
    EXPECT_EQ(offset(std::uint64_t{1} << 63), std::nullopt);
    if (inside()) {
        const std::uint64_t start = py_.instruction({.code = code, .offset = 0});
        EXPECT_EQ(offset(start - 2), std::nullopt);  // 3.11, 3.12: before the first instruction
        EXPECT_EQ(offset(start + 1), std::nullopt);
    }
}

TEST_P(ReadCodeObject, FindsTheOffsetInAThreadsOwnBytecode) {
    const RemoteAddr code = py_.code({.code_bytes = 64});
    const auto offset = [&](std::uint32_t index, std::uint64_t instruction) {
        return tlbc_offset(py_.memory(), layout(), code, 64, index, instruction);
    };
    if (!inside()) {
        EXPECT_EQ(offset(0, 4), std::nullopt);
        return;
    }
    EXPECT_EQ(offset(0, py_.instruction({.code = code, .offset = 6})), 6U);
    if (!layout().code.tlbc.present()) return;
    const RemoteAddr copy = py_.add_tlbc(code, 3);
    EXPECT_EQ(offset(3, copy.value + 10), 10U);
    EXPECT_EQ(py_.instruction({.code = code, .offset = 10, .tlbc_index = 3}), copy.value + 10);
    EXPECT_EQ(offset(3, copy.value + 64), std::nullopt);
    EXPECT_EQ(offset(3, py_.instruction({.code = code, .offset = 6})), std::nullopt);
    EXPECT_EQ(offset(1, copy.value), std::nullopt);  // a free entry
    EXPECT_EQ(offset(4, copy.value), std::nullopt);  // beyond the array
    py_.put(code, layout().code.tlbc, std::uint64_t{0});
    EXPECT_EQ(offset(3, copy.value), std::nullopt);
}

TEST_P(ReadCodeObject, SurvivesDamagedObjects) {
    std::mt19937_64 random(5);
    const auto& c = layout().code;
    const std::vector<std::uint64_t> values{0,           1,         8, 0x1000, ~0ULL, 1ULL << 63, 0x7f00'0000'0000,
                                            0x7fff'ffff, 1ULL << 40};
    for (int round = 0; round < 300; ++round) {
        const RemoteAddr address = py_.code({.name = "name", .file = "file"});
        for (int change = 0; change < 2; ++change) {
            const std::uint64_t at = random() % (c.size / 8) * 8;
            py_.memory().put(address + at, random() % 2 == 0 ? values[random() % values.size()] : random());
        }
        const auto code = read(address);
        if (code) {
            ASSERT_LE(code->bytecode.size(), kMaxBytecodeBytes);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ReadCodeObject, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
