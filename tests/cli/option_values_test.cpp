// SPDX-License-Identifier: MIT
#include "option_values.hpp"

#include <gtest/gtest.h>

namespace lampyr::tool {
namespace {

using namespace std::chrono_literals;

TEST(OptionValues, PidsAreDecimalOrHexadecimal) {
    EXPECT_EQ(parse_pid("1234")->value, 1234);
    EXPECT_EQ(parse_pid("0x4d2")->value, 1234);
    EXPECT_EQ(parse_pid("0X4D2")->value, 1234);
}

TEST(OptionValues, WhatIsNoPidIsUsage) {
    for (const char* text : {"", "0", "-1", "0x", "12a", " 12", "+12", "1.5", "2147483648", "0x80000000", "self"}) {
        const Result<Pid> pid = parse_pid(text);
        ASSERT_FALSE(pid) << text;
        EXPECT_EQ(pid.error().code, ErrorCode::kUsage);
        EXPECT_FALSE(pid.error().hint.empty());
    }
}

TEST(OptionValues, RatesArePositiveAndBounded) {
    EXPECT_EQ(*parse_rate("100"), 100);
    EXPECT_EQ(*parse_rate("0.5"), 0.5);
    EXPECT_EQ(*parse_rate("1e3"), 1000);
    EXPECT_EQ(*parse_rate("1000000"), 1'000'000);
    for (const char* text : {"", "0", "-1", "nan", "inf", "1e999", "1000000.1", "100Hz"})
        EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(OptionValues, LimitsArePercent) {
    EXPECT_DOUBLE_EQ(*parse_max_cpu("5"), 0.05);
    EXPECT_DOUBLE_EQ(*parse_max_cpu("0.5%"), 0.005);
    EXPECT_DOUBLE_EQ(*parse_max_cpu("100"), 1.0);
    for (const char* text : {"", "%", "0", "-1", "101", "nan", "5 %", "5%%"}) EXPECT_FALSE(parse_max_cpu(text)) << text;
}

TEST(OptionValues, DurationsMayBeFractions) {
    EXPECT_EQ(*parse_duration("2"), 2s);
    EXPECT_EQ(*parse_duration("0.25"), 250ms);
    EXPECT_EQ(*parse_duration("1e-30"), 1ns) << "more than nothing stays more than nothing";
    for (const char* text : {"", "0", "-1", "nan", "1e30", "5s", "1:30"}) EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(OptionValues, ForeignTextIsQuotedSafeAndShort) {
    EXPECT_EQ(in_quotes("a\x1b[31m"), "\"a\\x1b[31m\"");
    EXPECT_LT(in_quotes(std::string(100'000, 'x')).size(), 250U);
}

TEST(OptionValues, ShellWordsSurviveAShell) {
    EXPECT_EQ(shell_word("profile-1.svg"), "profile-1.svg");
    EXPECT_EQ(shell_word("a b"), "'a b'");
    EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace lampyr::tool
