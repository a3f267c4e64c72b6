// SPDX-License-Identifier: MIT
#include "cpython/value_text.hpp"

#include "cpython/scalar_text.hpp"
#include "support/fake_objects.hpp"
#include "support/layouts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace lampyr::cpython {
namespace {

class ValueTexts : public test::LayoutTest {
  protected:
    [[nodiscard]] std::string text(RemoteAddr object, ValueLimits limits = {}) const {
        return ValueText(py_.memory(), layout(), limits).of(object);
    }
    [[nodiscard]] bool is_27() const { return layout().string_kind == StringKind::kBytes27; }

    test::FakeObjects py_{layout()};
};

TEST_P(ValueTexts, Numbers) {
    EXPECT_EQ(text(py_.none()), "None");
    EXPECT_EQ(text(py_.integer(0)), "0");
    EXPECT_EQ(text(py_.integer(1'000'000'007)), "1000000007");
    EXPECT_EQ(text(py_.integer(std::numeric_limits<std::int64_t>::max())), "9223372036854775807");
    EXPECT_EQ(text(py_.floating(0.1)), "0.1");
    EXPECT_EQ(text(py_.floating(3)), "3.0");
    EXPECT_EQ(text(py_.floating(-1e300)), "-1e+300");
    EXPECT_EQ(text(py_.floating(std::numeric_limits<double>::infinity())), "inf");
    EXPECT_EQ(text(py_.floating(std::numeric_limits<double>::quiet_NaN())), "nan");
}

TEST_P(ValueTexts, LargeAndNegativeNumbers) {
    const IntegerLayout& l = layout().integer;
    const RemoteAddr number = py_.allocate(l.digits.value() + 40);
    const auto digits = [&](std::int64_t count, bool negative) {
        const std::int64_t tag = l.compact_tag ? count << 3 | (negative ? 2 : 0) : negative ? -count : count;
        py_.put(number, l.tag, tag);
    };
    const auto shown = [&] {
        auto words = integer_text(py_.memory(), layout(), number, false).value_or("?");
        if (words.ends_with('L')) words.pop_back();  // 2.7
        return words;
    };
    for (std::uint64_t i = 0; i < 10; ++i) py_.memory().put(number + l.digits.value() + i * 4, i == 3 ? 1U : 0U);
    digits(4, false);
    EXPECT_EQ(shown(), "1237940039285380274899124224");  // 2 to the 90th
    digits(4, true);
    EXPECT_EQ(shown(), "-1237940039285380274899124224");
    digits(1'000'000, false);
    EXPECT_EQ(shown(), "<int of about 30000000 bits>");
    py_.put(number, l.tag, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(shown(), "?");
    digits(2, false);
    py_.memory().put(number + l.digits.value(), ~std::uint32_t{0});  // no digit
    EXPECT_EQ(shown(), "?");
}

TEST_P(ValueTexts, Texts) {
    EXPECT_EQ(text(py_.string("")), "''");
    EXPECT_EQ(text(py_.string("it's\n\\\x01")), R"("it's\n\\\x01")");
    EXPECT_EQ(text(py_.string("'\"")), R"('\'"')");
    if (is_27()) return;
    EXPECT_EQ(text(py_.string("caf\u00e9")), "'caf\u00e9'");
    EXPECT_EQ(text(py_.string(std::u32string(1, char32_t{0xD800}))), "'\\ud800'");
    EXPECT_EQ(text(py_.outside_string(U"\U0001F600")), "'\U0001F600'");
    EXPECT_EQ(text(py_.bytes({0, 'a', 255})), R"(b'\x00a\xff')");
}

TEST_P(ValueTexts, Containers) {
    const RemoteAddr one = py_.integer(1), two = py_.floating(2), word = py_.string("w");
    EXPECT_EQ(text(py_.list({})), "[]");
    EXPECT_EQ(text(py_.list({one, two, word})), "[1, 2.0, 'w']");
    EXPECT_EQ(text(py_.tuple({})), "()");
    EXPECT_EQ(text(py_.tuple({one})), "(1,)");
    EXPECT_EQ(text(py_.tuple({py_.list({py_.tuple({one, one})}), one})), "([(1, 1)], 1)");
    EXPECT_EQ(text(py_.set({one, word})), "{1, 'w'}");
    EXPECT_EQ(text(py_.set({})), "set()");
    for (const auto shape : {test::DictShape::kCombined, test::DictShape::kUnicode, test::DictShape::kSplit}) {
        const std::string in_order = is_27() ? "{'x': 2.0, 'w': 1}" : "{'w': 1, 'x': 2.0}";  // of a hash table in 2.7
        EXPECT_EQ(text(py_.dict({{word, one}, {py_.string("x"), two}}, shape)), in_order);
        EXPECT_EQ(text(py_.dict({}, shape)), "{}");
    }
}

TEST_P(ValueTexts, InstancesWithTheirAttributes) {
    for (const auto shape : {test::InstanceShape::kDict, test::InstanceShape::kValues}) {
        const RemoteAddr thing = py_.instance({{"x", py_.integer(1)}, {"y", py_.string("w")}}, shape);
        const char* const attributes = is_27() ? "y='w', x=1" : "x=1, y='w'";
        EXPECT_EQ(text(thing), fmt::format("<Thing at {:#x}: {}>", thing.value, attributes));
    }
    EXPECT_EQ(text(py_.type("int")), "<class 'int'>");
}

TEST_P(ValueTexts, NumbersOfNumpy) {
    const auto scalar = [&](const char* type, auto value) {
        const std::uint32_t head = layout().object.type.value() + 8;
        const RemoteAddr made = py_.allocate(head + sizeof value);
        py_.put(made, layout().object.type, py_.type(type));
        py_.memory().put(made + head, value);
        return text(made);
    };
    EXPECT_EQ(scalar("numpy.float64", 0.1), "numpy.float64(0.1)");
    EXPECT_EQ(scalar("numpy.float32", 0.1F), "numpy.float32(0.1)");
    EXPECT_EQ(scalar("numpy.int64", std::int64_t{-5}), "numpy.int64(-5)");
    EXPECT_EQ(scalar("numpy.uint8", std::uint8_t{200}), "numpy.uint8(200)");
    EXPECT_EQ(scalar("numpy.bool_", std::uint8_t{1}), "numpy.bool_(True)");
    EXPECT_EQ(scalar("numpy.complex128", std::array{1.5, -2.0}), "numpy.complex128(1.5-2j)");
    EXPECT_TRUE(scalar("numpy.bool_", std::uint8_t{7}).starts_with("<numpy.bool_ at "));  // no truth
    EXPECT_TRUE(scalar("numpy.ndarray", std::uint64_t{7}).starts_with("<numpy.ndarray at "));
}

TEST_P(ValueTexts, AttributesInSlots) {
    const auto heap_type = [&](const char* name, RemoteAddr base,
                               std::vector<std::pair<std::string, std::uint64_t>> slots) {
        const RemoteAddr meta = py_.type("type");
        const RemoteAddr type = py_.allocate(904 + slots.size() * 40);
        const RemoteAddr text = py_.allocate(std::string_view(name).size() + 1);
        py_.memory().put_bytes(text, std::string(name));
        py_.put(meta, layout().object.type_basicsize, std::uint64_t{904});
        py_.put(type, layout().object.type, meta);
        py_.put(type, layout().object.type_name, text);
        py_.put(type, layout().object.type_flags, std::uint64_t{1} << 9);
        py_.put(type, layout().object.type_base, base);
        py_.put(type, layout().object.type_basicsize, std::uint64_t{64});
        py_.put(type, layout().bytes.size, std::uint64_t{slots.size()});
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const RemoteAddr member = type + (904 + i * 40), words = py_.allocate(slots[i].first.size() + 1);
            py_.memory().put_bytes(words, slots[i].first);
            py_.memory().put(member, words);
            py_.memory().put(member + 8, std::int32_t{16});
            py_.memory().put(member + 16, slots[i].second);
        }
        return type;
    };
    const RemoteAddr base = heap_type("Base", py_.type("object"), {{"a", 32}, {"unset", 48}});
    const RemoteAddr derived = heap_type("Derived", base, {{"b", 40}, {"outside", 60}, {"far", ~std::uint64_t{0} - 7}});
    const RemoteAddr object = py_.allocate(64);
    py_.put(object, layout().object.type, derived);
    py_.memory().put(object + 32, py_.integer(1));
    py_.memory().put(object + 40, py_.string("w"));
    EXPECT_EQ(text(object), fmt::format("<Derived at {:#x}: a=1, b='w'>", object.value));
    py_.put(derived, layout().object.type_base, derived);  // its own base
    EXPECT_LE(text(object).size(), 123U);
    py_.put(derived, layout().bytes.size, ~std::uint64_t{0});
    EXPECT_TRUE(text(object).starts_with("<Derived at "));
}

TEST_P(ValueTexts, CyclesAndDepthEnd) {
    const RemoteAddr list = py_.list({py_.integer(1), py_.integer(2)});
    const RemoteAddr block(py_.memory().get<std::uint64_t>(list + layout().value.list_items.value()));
    py_.memory().put(block + 8, list);
    EXPECT_EQ(text(list), "[1, [...]]");
    RemoteAddr deep = py_.tuple({});
    for (int i = 0; i < 1000; ++i) deep = py_.tuple({deep});
    EXPECT_EQ(text(deep), "((((...),),),)");
    const std::string deepest = text(deep, {.characters = 100'000, .items = 10, .depth = 1'000'000});
    EXPECT_LT(deepest.size(), 100U);
}

TEST_P(ValueTexts, LengthAndNumberOfItemsAreBounded) {
    const RemoteAddr many = py_.list(std::vector<RemoteAddr>(1000, py_.integer(7)));
    EXPECT_EQ(text(many, {.characters = 100, .items = 3}), "[7, 7, 7, ...]");
    EXPECT_EQ(text(py_.string(std::string(1000, 'x')), {.characters = 10}), "'xxxxxxxxx...");
    // Lists in lists in lists: what is looked at does not grow as their number does.
    RemoteAddr wide = many;
    for (int i = 0; i < 10; ++i) wide = py_.list(std::vector<RemoteAddr>(1000, wide));
    const std::size_t before = py_.memory().calls();
    EXPECT_LE(text(wide, {.characters = 1'000'000, .items = 1000, .depth = 10}).size(), 1'000'003U);
    EXPECT_LT(py_.memory().calls() - before, 20'000U);
}

TEST_P(ValueTexts, WhatCannotBeReadCostsOnlyItself) {
    const RemoteAddr one = py_.integer(1);
    EXPECT_EQ(text(py_.list({one, RemoteAddr(), RemoteAddr(0x1003), RemoteAddr(0x1000), one})),
              "[1, <unreadable>, <unreadable>, <unreadable>, 1]");
    const RemoteAddr list = py_.list({one});
    py_.put(list, layout().bytes.size, ~std::uint64_t{0});
    EXPECT_EQ(text(list), "<unreadable>");
    const RemoteAddr claims = py_.list({one});
    py_.put(claims, layout().bytes.size, std::uint64_t{1} << 39);
    EXPECT_LE(text(claims).size(), 123U);  // whatever stands behind its items
    const RemoteAddr set = py_.set({one});
    py_.put(set, layout().value.set_mask, ~std::uint64_t{0});
    EXPECT_EQ(text(py_.tuple({set, one})), "(<unreadable>, 1)");
    const RemoteAddr no_type = py_.integer(5);
    py_.put(no_type, layout().object.type, one);  // an object, but no type
    EXPECT_EQ(text(no_type), "<unreadable>");
}

INSTANTIATE_TEST_SUITE_P(All, ValueTexts, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
