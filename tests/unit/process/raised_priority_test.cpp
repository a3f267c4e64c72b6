// SPDX-License-Identifier: MIT
#include "process/raised_priority.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace lampyr::process {
namespace {

/// Scheduling of the calling thread: 0 when ordinary, else what is not. The policy may carry SCHED_RESET_ON_FORK, a high bit.
long unusual() { return ::sched_getscheduler(0) * 100L + ::getpriority(PRIO_PROCESS, 0); }

TEST(RaisedPriority, ChildrenAndLaterTimesAreOrdinary) {
    if (unusual() != 0) GTEST_SKIP() << "this test does not run at an ordinary priority itself";
    std::thread([] {  // a thread of its own, so that the test program stays as it is
        RaisedPriority priority;
        priority.raise();
        if (priority.level() == RaisedPriority::Level::kNormal) {
            EXPECT_EQ(unusual(), 0) << "not permitted here, and not half done either";
            return;
        }
        EXPECT_NE(unusual(), 0);
        const pid_t child = ::fork();
        if (child == 0) ::_exit(unusual() == 0 ? 0 : 1);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0) << "a child inherits it";
        std::thread([] { EXPECT_EQ(unusual(), 0) << "a thread inherits it"; }).join();
        priority.lower();
        EXPECT_EQ(unusual(), 0);
        EXPECT_EQ(priority.level(), RaisedPriority::Level::kNormal);
        priority.raise();
        EXPECT_NE(unusual(), 0);
    })
        .join();
    std::thread([] {
        { RaisedPriority().raise(); }
        EXPECT_EQ(unusual(), 0) << "it ends with the object";
    }).join();
}

}  // namespace
}  // namespace lampyr::process
