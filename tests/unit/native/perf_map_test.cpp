// SPDX-License-Identifier: MIT
#include "native/perf_map.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace lampyr::native {
namespace {

process::ProcessHandle self() { return *process::ProcessHandle::open(Pid{::getpid()}); }

TEST(PerfMap, NamesCodeByAddress) {
    const auto process = self();
    PerfMap map(process);
    map.parse("1000 20 first\n0x2000 0x10 py::f:/a b.py\n1800 8 between\n");
    EXPECT_EQ(map.find(0x1000), "first");
    EXPECT_EQ(map.find(0x101f), "first");
    EXPECT_EQ(map.find(0x1804), "between");
    EXPECT_EQ(map.find(0x2008), "py::f:/a b.py");
    EXPECT_EQ(map.find(0xfff), "");
    EXPECT_EQ(map.find(0x1020), "");
}

TEST(PerfMap, LaterLinesReplaceEarlier) {
    const auto process = self();
    PerfMap map(process);
    map.parse("1000 20 old\n1000 20 new\n");
    EXPECT_EQ(map.find(0x1010), "new");
}

TEST(PerfMap, OtherLinesArePassedOver) {
    const auto process = self();
    PerfMap map(process);
    map.parse(
        "\n\n1000\n1000 20\n1000 20 \nzz 20 a\n-1 20 b\n1000 0 c\n11111111111111111111 1 d\n3000 ffffffffffffffff "
        "e\n2000 1 f");
    EXPECT_EQ(map.find(0x1000), "");
    EXPECT_EQ(map.find(0x2000), "f");
    EXPECT_EQ(map.find(0x9000), "e");
    EXPECT_EQ(map.find(0), "");
}

TEST(PerfMap, IsReadFromTheTargetsTmp) {
    const std::string path = fmt::format("/tmp/perf-{}.map", ::getpid());
    std::ofstream(path) << "1000 20 mine\n";
    const auto process = self();
    PerfMap map(process);
    EXPECT_EQ(map.find(0x1010), "mine");
    std::remove(path.c_str());
}

}  // namespace
}  // namespace lampyr::native
