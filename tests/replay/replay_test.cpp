// SPDX-License-Identifier: MIT
// Recorded processes (tools/snapshot) read again without Python and without permission: the stacks must be those found
// when the recording was made, which the live tests compare with what the program itself reports.
#include "cpython/stack_text.hpp"
#include "replay/recording.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

class Replay : public testing::TestWithParam<std::string> {};

TEST_P(Replay, GivesTheRecordedStacks) {
    const auto recorded = test::load_recording(GetParam());
    ASSERT_TRUE(recorded) << to_string(recorded.error());
    const std::string stacks = cpython::stacks_as_text(*recorded->memory, recorded->layout, recorded->anchor);
    EXPECT_EQ(stacks, *recorded->memory->fact("stacks"));
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
