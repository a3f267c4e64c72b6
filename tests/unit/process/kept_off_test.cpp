// SPDX-License-Identifier: MIT
#include "process/kept_off.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <thread>
#include <vector>

namespace lampyr::process {
namespace {

std::vector<int> allowed() {
    cpu_set_t set;
    CPU_ZERO(&set);
    ::sched_getaffinity(0, sizeof set, &set);
    std::vector<int> processors;
    for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(static_cast<std::size_t>(i), &set)) processors.push_back(i);
    return processors;
}

TEST(KeptOff, LeavesTheProcessorsOfOthersAndComesBack) {
    std::thread([] {  // a thread of its own, so that the test program stays as it is
        const std::vector<int> before = allowed();
        {
            KeptOff kept_off;
            kept_off.keep_off(std::array<int, 2>{before.front(), -1});
            std::vector<int> rest(before.begin() + 1, before.end());
            if (rest.empty()) rest = before;  // there is no other
            EXPECT_EQ(allowed(), rest);
            kept_off.keep_off(before);
            EXPECT_EQ(allowed(), before) << "none is left";
            kept_off.keep_off(std::array<int, 1>{before.back()});
            EXPECT_EQ(allowed().size(), std::max<std::size_t>(before.size() - 1, 1));
            kept_off.go_back();
            EXPECT_EQ(allowed(), before);
            kept_off.keep_off(std::array<int, 1>{before.back()});
            kept_off.keep_off({});
            EXPECT_EQ(allowed(), before);
            kept_off.keep_off(std::array<int, 2>{before.back(), CPU_SETSIZE + 7});
        }
        EXPECT_EQ(allowed(), before);
    })
        .join();
}

}  // namespace
}  // namespace lampyr::process
