// SPDX-License-Identifier: MIT
#include "process/stat_line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lampyr::process {
namespace {

constexpr std::string_view kTail =
    " S 41 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 777 1000 10 18446744073709551615 4198400 4300000 140730000 0 "
    "0\n";

TEST(StatLine, ReadsFieldsBehindAHostileName) {
    for (const std::string_view name : {"python", "x) S evil", "(", ")", "a b\n1 2", ""}) {
        const std::string text = "42 (" + std::string(name) + ")" + std::string(kTail);
        const auto stat = parse_stat(text);
        ASSERT_TRUE(stat) << name;
        EXPECT_EQ(stat->comm, name);
        EXPECT_EQ(stat->state, 'S');
        EXPECT_EQ(stat->parent, 41);
        EXPECT_EQ(stat->user_time, 1U);
        EXPECT_EQ(stat->system_time, 2U);
        EXPECT_EQ(stat->start_time, 777U);
        EXPECT_EQ(stat->rss_pages, 10U);
        EXPECT_EQ(stat->start_code, 4198400U);
        EXPECT_EQ(stat->start_stack, 140730000U);
        EXPECT_FALSE(stat->is_kernel_thread());
    }
}

TEST(StatLine, ReadsTheProcessorWhereItIsThere) {
    const std::string text = "42 (python)" + std::string(kTail.substr(0, kTail.size() - 1));
    EXPECT_EQ(parse_stat(text)->processor, -1);
    EXPECT_EQ(parse_stat(text + " 31 32 33 34 35 36 37 38")->processor, -1);
    EXPECT_EQ(parse_stat(text + " 31 32 33 34 35 36 37 38 5")->processor, 5);
    EXPECT_EQ(parse_stat(text + " 31 32 33 34 35 36 37 38 6 0 0\n")->processor, 6);
    EXPECT_EQ(parse_stat(text + " 31 32 33 34 35 36 37 38 x 0 0\n")->processor, -1);
}

TEST(StatLine, RefusesEveryTruncationAndGarbage) {
    const std::string text = "42 (python)" + std::string(kTail.substr(0, kTail.find("140730000")));
    for (std::size_t size = 0; size <= text.size(); ++size) EXPECT_FALSE(parse_stat(text.substr(0, size))) << size;
    EXPECT_FALSE(parse_stat("42 )python(" + std::string(kTail)));
    EXPECT_FALSE(parse_stat("42 (python) SS" + std::string(kTail.substr(2))));
    EXPECT_FALSE(parse_stat("42 (python) S x" + std::string(kTail.substr(5))));
}

}  // namespace
}  // namespace lampyr::process
