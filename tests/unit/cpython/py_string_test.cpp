// SPDX-License-Identifier: MIT
#include "cpython/py_string.hpp"

#include "base/utf8.hpp"
#include "support/fake_objects.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <random>

namespace lampyr::cpython {
namespace {

class PyString : public test::LayoutTest {
  protected:
    [[nodiscard]] bool bytes27() const { return layout().string_kind == StringKind::kBytes27; }
    [[nodiscard]] std::string read(RemoteAddr object, std::size_t limit = kMaxNameChars) const {
        const auto text = read_text(objects_.memory(), layout(), object, limit);
        return text ? text->utf8 : "error: " + std::string(to_string(text.error()));
    }
    [[nodiscard]] DecodeError error(RemoteAddr object) const {
        return read_text(objects_.memory(), layout(), object).error();
    }

    test::FakeObjects objects_{layout()};
};

TEST_P(PyString, ReadsTextOfEveryWidth) {
    for (const std::string text : {"", "f", "<module>", "latin h\xc3\xa9", "snow \xe2\x98\x83", "\xf0\x9f\x90\x8d"})
        EXPECT_EQ(read(objects_.string(text)), text);
    EXPECT_EQ(read(objects_.string(std::string(300, 'x'))), std::string(300, 'x'));
    if (bytes27()) return;
    for (const std::u32string text : {U"", U"plain", U"\u00e9", U"\u2603", U"\U0001f40d and more"})
        EXPECT_EQ(read(objects_.outside_string(text)), read(objects_.string(text)));
}

TEST_P(PyString, KeepsWhatIsNotUnicodeVisible) {
    if (bytes27()) {
        EXPECT_EQ(read(objects_.string("bad \xff byte")), "bad \\udcff byte");
        return;
    }
    EXPECT_EQ(read(objects_.string(std::u32string{U'a', char32_t{0xDC80}, U'b'})), "a\\udc80b");
    EXPECT_EQ(read(objects_.string(U"\\udc80")), "\\\\udc80");
}

TEST_P(PyString, CutsLongTextWithAMark) {
    const std::size_t length = 1'000'000;
    const auto text = read_text(objects_.memory(), layout(), objects_.string(std::string(length, 'n')));
    ASSERT_TRUE(text);
    EXPECT_TRUE(text->truncated);
    EXPECT_EQ(text->full_length, length);
    EXPECT_EQ(text->utf8, std::string(kMaxNameChars, 'n') + "\u2026(1000000 characters)");
    EXPECT_EQ(read(objects_.string("abcdef"), 6), "abcdef");
    EXPECT_EQ(read(objects_.string("abcdef"), 5), "abcde\u2026(6 characters)");
    // The cut never makes a character of the text look damaged.
    EXPECT_EQ(read(objects_.string("a\xe2\x98\x83\xe2\x98\x83"), 2),
              bytes27() ? "a\u2026(7 characters)" : "a\xe2\x98\x83\u2026(3 characters)");
}

TEST_P(PyString, RefusesWhatIsNoString) {
    EXPECT_EQ(error(RemoteAddr()), DecodeError::kBadPointer);
    EXPECT_EQ(error(RemoteAddr(0x10)), DecodeError::kBadPointer);
    EXPECT_EQ(error(RemoteAddr(0x7f00'0000'0001)), DecodeError::kBadPointer);
    EXPECT_EQ(error(RemoteAddr(1ULL << 60)), DecodeError::kBadPointer);
    EXPECT_EQ(error(RemoteAddr(0x5000'0000)), DecodeError::kUnreadable);

    const RemoteAddr endless = objects_.string("name");
    objects_.put(endless, layout().string.length, ~std::uint64_t{0});
    EXPECT_EQ(error(endless), DecodeError::kBadSize);
    const RemoteAddr beyond = objects_.string("name");
    objects_.put(beyond, layout().string.length, std::uint64_t{100'000});
    EXPECT_EQ(error(beyond), DecodeError::kUnreadable);
    constexpr std::uint64_t kPage = 4096;
    const RemoteAddr last = objects_.allocate(2 * kPage);
    const RemoteAddr page_end((last.value + 2 * kPage + kPage - 1) / kPage * kPage);
    EXPECT_EQ(error(page_end - 8), DecodeError::kUnreadable);
    if (bytes27()) return;
    EXPECT_EQ(error(objects_.allocate(512)), DecodeError::kWrongType);
    const RemoteAddr wild = objects_.outside_string(U"text");
    objects_.put(wild, layout().string.data_pointer, std::uint64_t{8});
    EXPECT_EQ(error(wild), DecodeError::kBadPointer);
}

TEST_P(PyString, GivesValidUtf8ForAnyBytes) {
    std::mt19937_64 random(7);
    const RemoteAddr object = objects_.allocate(4096);
    for (int round = 0; round < 3000; ++round) {
        for (std::uint64_t at = 0; at < 128; at += 8) objects_.memory().put(object + at, random());
        objects_.put(object, layout().string.length, random() % 64);
        const auto text = read_text(objects_.memory(), layout(), object);
        ASSERT_TRUE(!text || base::is_valid_utf8(text->utf8));
    }
}

INSTANTIATE_TEST_SUITE_P(All, PyString, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
