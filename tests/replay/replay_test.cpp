// SPDX-License-Identifier: MIT
// Recorded processes (tools/snapshot) read again without Python and without permission: the stacks must be those found
// when the recording was made, which the live tests compare with what the program itself reports.
#include "cpython/debug_offsets.hpp"
#include "cpython/layout_table.hpp"
#include "cpython/stack_text.hpp"
#include "process/recorded_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <vector>

namespace lampyr {
namespace {

std::vector<std::string> recordings() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(RECORDINGS))
        if (entry.path().extension() == ".recording") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

RemoteAddr address_fact(const process::RecordedMemory& memory, std::string_view name) {
    const std::string_view text = memory.fact(name).value_or("0x0").substr(2);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return RemoteAddr(value);
}

/// "3.13.0", "3.13.5t".
cpython::Version parse_version(std::string_view text) {
    cpython::Version version;
    version.free_threaded = text.ends_with('t');
    const char* end = text.data() + text.size();
    auto next = std::from_chars(text.data(), end, version.major);
    next = std::from_chars(next.ptr + 1, end, version.minor);
    std::from_chars(next.ptr + 1, end, version.micro);
    return version;
}

class Replay : public testing::TestWithParam<std::string> {};

TEST_P(Replay, GivesTheRecordedStacks) {
    const auto memory = process::RecordedMemory::load(std::string(RECORDINGS) + "/" + GetParam() + ".recording");
    ASSERT_TRUE(memory) << to_string(memory.error());
    const cpython::RuntimeAnchor anchor{address_fact(**memory, "runtime"), address_fact(**memory, "current_thread")};
    const cpython::Version version = parse_version(*(*memory)->fact("version"));
    const cpython::Layout* table = cpython::find_layout(version);
    ASSERT_NE(table, nullptr);
    cpython::Layout layout = *table;
    if (const auto published = cpython::read_debug_offsets(**memory, anchor.runtime)) layout = published->layout;

    const std::string stacks = cpython::stacks_as_text(**memory, layout, anchor);
    EXPECT_EQ(stacks, *(*memory)->fact("stacks"));
    EXPECT_NE(stacks.find("(victim.py:"), std::string::npos) << "the recording holds no stack of its program";
    EXPECT_NE(stacks.find("\"recursive\""), std::string::npos) << "thread names are part of it";
}

INSTANTIATE_TEST_SUITE_P(Recordings, Replay, testing::ValuesIn(recordings()), [](const auto& recording) {
    std::string name = recording.param;
    for (char& c : name)
        if (c == '.' || c == '-') c = '_';
    return name;
});

}  // namespace
}  // namespace lampyr
