// SPDX-License-Identifier: MIT
#include "profile/labels.hpp"

#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>

namespace lampyr::profile {
namespace {

TEST(Labels, OfFrames) {
    test::ProfileDraft maker;
    const FrameId frame = maker.frame("C.run", "/srv/app/m.py", 12, 10);
    const FrameId no_line = maker.frame("g", "/srv/app/m.py", 0, 0);
    const FrameId marker = maker.builder.intern_marker("(unproven)");
    const Profile profile = maker.finish();
    EXPECT_EQ(frame_label(profile, frame, Lines::kLine, false), "C.run (m.py:12)");
    EXPECT_EQ(frame_label(profile, frame, Lines::kFunction, false), "C.run (m.py:10)");
    EXPECT_EQ(frame_label(profile, frame, Lines::kNone, false), "C.run (m.py)");
    EXPECT_EQ(frame_label(profile, frame, Lines::kLine, true), "C.run (/srv/app/m.py:12)");
    EXPECT_EQ(frame_label(profile, no_line, Lines::kLine, false), "g (m.py)");
    EXPECT_EQ(frame_label(profile, no_line, Lines::kFunction, false), "g (m.py)");
    for (const Lines lines : {Lines::kLine, Lines::kFunction, Lines::kNone})
        EXPECT_EQ(frame_label(profile, marker, lines, true), "(unproven)");
}

TEST(Labels, OfThreadsAndProcesses) {
    test::ProfileDraft maker;
    const ProcessId process = maker.process(42, "python -c 'a; b'");
    const ThreadId named = maker.thread(process, 43, "worker 1");
    const ThreadId plain = maker.thread(process, 44);
    const ThreadId unknown = maker.thread(process, 0);
    const Profile profile = maker.finish();
    EXPECT_EQ(process_label(profile, process), "process 42:\"python -c 'a; b'\"");
    EXPECT_EQ(thread_label(profile, named), "thread (43): worker 1");
    EXPECT_EQ(thread_label(profile, plain), "thread (44)");
    EXPECT_EQ(thread_label(profile, unknown), "thread (0x7f0000000000)");
}

}  // namespace
}  // namespace lampyr::profile
