// SPDX-License-Identifier: MIT
#include "cpython/thread_names.hpp"

#include "cpython/dict_reader.hpp"
#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace lampyr::cpython {
namespace {

using test::DictShape;
using test::FakeObjects;
using test::InstanceShape;

class ThreadNames : public test::LayoutTest {
  protected:
    using Names = std::map<std::uint64_t, std::string>;

    [[nodiscard]] const char* attribute() const {
        return layout().string_kind == StringKind::kBytes27 ? "_Thread__name" : "_name";
    }
    RemoteAddr thread_object(RemoteAddr name, InstanceShape shape) {
        return py_.instance({{"_target", py_.string("x")}, {attribute(), name}, {"_ident", py_.integer(1)}}, shape);
    }
    RemoteAddr interpreter(const FakeObjects::Items& active, DictShape shape = DictShape::kCombined) {
        const RemoteAddr module = py_.module(py_.dict(
            {{py_.string("Thread"), py_.string("?")}, {py_.string("_active"), py_.dict(active)}}, DictShape::kUnicode));
        FakeObjects::Items modules{{py_.string("sys"), py_.module(py_.dict({}))}, {py_.string("threading"), module}};
        for (int i = 0; i < 600; ++i)
            modules.insert(modules.begin(), {py_.string("module" + std::to_string(i)), module});
        return py_.interpreter(test::FakeInterpreter{.modules = py_.dict(modules, shape)});
    }
    [[nodiscard]] Names names(RemoteAddr interpreter_address) const {
        const auto found = read_thread_names(py_.memory(), layout(), interpreter_address);
        return {found.begin(), found.end()};
    }

    test::FakePython py_{layout()};
};

TEST_P(ThreadNames, AreFoundInEveryShapeOfDict) {
    const std::uint64_t high = 0x7fff'ffff'ffff'fffe;
    for (const DictShape dict : {DictShape::kCombined, DictShape::kUnicode, DictShape::kSplit}) {
        const RemoteAddr at = interpreter(
            {{py_.integer(0), thread_object(py_.string("zero"), InstanceShape::kDict)},
             {py_.integer(0x7f12'3456'7890), thread_object(py_.string("MainThread"), InstanceShape::kValues)},
             {py_.integer(high), thread_object(py_.string("worker"), InstanceShape::kDict)}},
            dict);
        EXPECT_EQ(names(at), (Names{{0, "zero"}, {0x7f12'3456'7890, "MainThread"}, {high, "worker"}}));
    }
}

TEST_P(ThreadNames, WhatIsBrokenIsMissingAlone) {
    const RemoteAddr number = py_.integer(5);
    const RemoteAddr at = interpreter({
        {py_.integer(1), thread_object(py_.string("good"), InstanceShape::kValues)},
        {py_.string("not a number"), thread_object(py_.string("bad key"), InstanceShape::kDict)},
        {py_.integer(2), RemoteAddr(0x5000'0000)},
        {py_.integer(3), thread_object(RemoteAddr(0x5000'0000), InstanceShape::kDict)},
        {py_.integer(4), thread_object(number, InstanceShape::kDict)},  // a name that is no text
        {py_.integer(6), thread_object(py_.string(std::string(1000, 'x')), InstanceShape::kDict)},
    });
    const Names found = names(at);
    EXPECT_EQ(found.size(), 2U);
    EXPECT_EQ(found.at(1), "good");
    EXPECT_EQ(found.at(6), std::string(256, 'x') + "\u2026(1000 characters)");
}

TEST_P(ThreadNames, AreNoneWithoutThreading) {
    const RemoteAddr sys = py_.module(py_.dict({}));
    EXPECT_TRUE(names(py_.interpreter(test::FakeInterpreter{.modules = py_.dict({{py_.string("sys"), sys}})})).empty());
    EXPECT_TRUE(names(py_.interpreter(test::FakeInterpreter{})).empty());
    EXPECT_TRUE(names(RemoteAddr(0x5000'0000)).empty());
    // A module of that name without the table, and with one that is no dict.
    for (const RemoteAddr active : {RemoteAddr(0x5000'0000), py_.integer(1)}) {
        const RemoteAddr module = py_.module(py_.dict({{py_.string("_active"), active}}));
        EXPECT_TRUE(
            names(py_.interpreter(test::FakeInterpreter{.modules = py_.dict({{py_.string("threading"), module}})}))
                .empty());
    }
}

TEST_P(ThreadNames, SizesOfDamagedDictsAreBounded) {
    const DictReader reader(py_.memory(), layout());
    std::mt19937_64 random(11);
    const RemoteAddr value = py_.string("value");
    for (int round = 0; round < 200; ++round) {
        const RemoteAddr dict = py_.dict({{py_.string("key"), value}}, DictShape::kUnicode);
        const RemoteAddr keys(py_.memory().get<std::uint64_t>(dict + layout().dict.keys.value()));
        if (layout().dict.mask.present())
            py_.put(dict, layout().dict.mask, random() >> (random() % 64));
        else
            py_.memory().put(keys + random() % 5 * 8, random() >> (random() % 64));
        EXPECT_LE(reader.items(dict).size(), kMaxDictSlots);
    }
}

INSTANTIATE_TEST_SUITE_P(All, ThreadNames, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython
