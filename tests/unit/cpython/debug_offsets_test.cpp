// SPDX-License-Identifier: MIT
#include "cpython/debug_offsets.hpp"

#include "cpython/layout_table.hpp"
#include "cpython/layouts/published_fields.hpp"
#include "support/fake_debug_offsets.hpp"
#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace lampyr::cpython {
namespace {

constexpr RemoteAddr kRuntime{0x7f0000001000};

using test::hex_of;
using test::published_names;
using test::published_numbers;

/// A runtime in fake memory that publishes the layout's numbers, one of them changed.
struct Published {
    explicit Published(const Layout& layout, std::uint64_t hex, const std::string& changed = {},
                       std::uint64_t value = 0) {
        auto numbers = published_numbers(layout);
        if (!changed.empty()) numbers[changed] = value;
        memory.map(kRuntime, 4096);
        test::put_published_offsets(memory, kRuntime, layout, hex, numbers);
    }
    test::FakeMemory memory;
};

class PublishedOffsets : public testing::TestWithParam<const Layout*> {};

TEST_P(PublishedOffsets, RestoreWhatTheTableHas) {
    const Layout& table = *GetParam();
    const Published published(table, hex_of(table.version));
    const auto read = read_debug_offsets(published.memory, kRuntime);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->note, "");
    EXPECT_EQ(std::memcmp(&read->layout.thread, &table.thread, sizeof table.thread), 0);
    EXPECT_EQ(std::memcmp(&read->layout.frame, &table.frame, sizeof table.frame), 0);
    EXPECT_EQ(std::memcmp(&read->layout.code, &table.code, sizeof table.code), 0);
    EXPECT_EQ(std::memcmp(&read->layout.interpreter, &table.interpreter, sizeof table.interpreter), 0);
    EXPECT_EQ(std::memcmp(&read->layout.exception, &table.exception, sizeof table.exception), 0);
    EXPECT_EQ(std::memcmp(&read->layout.gil, &table.gil, sizeof table.gil), 0);
    EXPECT_EQ(std::memcmp(&read->layout.object, &table.object, sizeof table.object), 0);
    EXPECT_EQ(std::memcmp(&read->layout.generator, &table.generator, sizeof table.generator), 0);
}

TEST_P(PublishedOffsets, EachNumberReachesTheLayout) {
    const Layout& table = *GetParam();
    for (const auto& [name, value] : published_numbers(table)) {
        if (name.ends_with(".size") || value < 8 || name == "interpreter_state.gil_runtime_state") continue;
        const auto names = published_names(table.version);
        if (std::find(names.begin(), names.end(), name) == names.end()) continue;
        const Published same(table, hex_of(table.version));
        const Published moved(table, hex_of(table.version), name, value - 8);
        const auto before = read_debug_offsets(same.memory, kRuntime);
        const auto after = read_debug_offsets(moved.memory, kRuntime);
        ASSERT_TRUE(before);
        if (!after) continue;
        EXPECT_NE(std::memcmp(&before->layout, &after->layout, sizeof(Layout)), 0) << name;
    }
}

TEST_P(PublishedOffsets, ImpossibleNumbersAreRefused) {
    const Layout& table = *GetParam();
    const auto used = published_numbers(table);
    const auto names = published_names(table.version);
    for (const std::uint64_t value : {std::uint64_t{20} << 20, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        for (const std::string& name : names) {
            if (!used.contains(name)) continue;
            const bool only_free_threaded = name.find("tlbc") != name.npos || name.ends_with("_enabled");
            if (only_free_threaded && !table.version.free_threaded) continue;
            const Published published(table, hex_of(table.version), name, value);
            EXPECT_FALSE(read_debug_offsets(published.memory, kRuntime)) << name << " " << value;
        }
    }
    for (const std::string& name : names) {
        if (!name.ends_with(".size")) continue;
        const Published published(table, hex_of(table.version), name, 0);
        EXPECT_FALSE(read_debug_offsets(published.memory, kRuntime)) << name;
    }
}

std::vector<const Layout*> publishing_layouts() {
    std::vector<const Layout*> result;
    for (const Layout* layout : all_layouts())
        if (!layouts::published_fields(layout->version).empty()) result.push_back(layout);
    return result;
}
INSTANTIATE_TEST_SUITE_P(All, PublishedOffsets, testing::ValuesIn(publishing_layouts()), [](const auto& parameter) {
    const Version& v = parameter.param->version;
    return "cp3" + std::to_string(v.minor) + (v.free_threaded ? "t" : "");
});

TEST(DebugOffsets, HaveTheSizeOfTheInterpretersOwn) {
    const auto size = [](int minor) {
        return 24 + 8 * published_names({.major = 3, .minor = static_cast<std::uint8_t>(minor)}).size();
    };
    EXPECT_EQ(size(12), 24U);
    EXPECT_EQ(size(13), 584U);
    EXPECT_EQ(size(14), 760U);
    EXPECT_EQ(size(15), 888U);
}

TEST(DebugOffsets, ANewerVersionIsTakenWithANote) {
    for (const bool free_threaded : {false, true}) {
        const Layout& newest = newest_layout(free_threaded);
        const Published published(newest, 0x031003F0);
        const auto read = read_debug_offsets(published.memory, kRuntime);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->version.text(), free_threaded ? "3.16.3t" : "3.16.3");
        EXPECT_EQ(read->layout.version.minor, 16);
        EXPECT_NE(read->note.find("newer"), std::string::npos);
    }
}

TEST(DebugOffsets, AnUnfinishedReleaseIsTakenWithANote) {
    const Published published(newest_layout(false), 0x030F00B4);
    const auto read = read_debug_offsets(published.memory, kRuntime);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->version.text(), "3.15.0b4");
    EXPECT_NE(read->note, "");
}

TEST(DebugOffsets, WithoutCookieOrVersionThereAreNone) {
    Published published(newest_layout(false), 0x030F02F0);
    published.memory.put(kRuntime, 'y');
    EXPECT_FALSE(read_debug_header(published.memory, kRuntime));
    EXPECT_EQ(read_debug_offsets(published.memory, kRuntime).error().code, ErrorCode::kUnsupportedVersion);
    EXPECT_FALSE(read_debug_header(Published(newest_layout(false), 0x030C01F0).memory, kRuntime));
    EXPECT_FALSE(read_debug_header(Published(newest_layout(false), 0).memory, kRuntime));
    EXPECT_FALSE(read_debug_header(test::FakeMemory(), kRuntime));
}

TEST(DebugOffsets, ACutTableIsRefused) {
    test::FakeMemory memory;
    memory.map(kRuntime, 200);
    memory.put_bytes(kRuntime, "xdebugpy");
    memory.put(kRuntime + 8, std::uint64_t{0x030D00F0});
    EXPECT_EQ(read_debug_offsets(memory, kRuntime).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace lampyr::cpython
