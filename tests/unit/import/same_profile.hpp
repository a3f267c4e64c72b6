// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr::test {

inline auto tie(const Function& f) { return std::tuple(f.name, f.file, f.short_file, f.first_line, f.kind); }
inline auto tie(const Frame& f) { return std::tuple(f.function, f.line); }
inline auto tie(const StackNode& n) { return std::tuple(n.parent, n.frame); }
inline auto tie(const Process& p) { return std::tuple(p.pid, p.command_line, p.executable, p.python_version); }
inline auto tie(const Thread& t) { return std::tuple(t.process, t.os_tid, t.ident, t.name); }
inline auto tie(const Sample& s) { return std::tuple(s.thread, s.stack, s.state, s.count, s.weight, s.start); }

template <typename Row>
void expect_same_rows(const std::vector<Row>& a, const std::vector<Row>& b, const char* what) {
    ASSERT_EQ(a.size(), b.size()) << what;
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), [](const Row& x, const Row& y) { return tie(x) == tie(y); }))
        << what;
}

inline void expect_same_info(const ProfileInfo& a, const ProfileInfo& b) {
    EXPECT_EQ(a.lampyr_version, b.lampyr_version);
    EXPECT_EQ(a.rate_asked_hz, b.rate_asked_hz);
    EXPECT_EQ(a.rate_got_hz, b.rate_got_hz);
    EXPECT_EQ(a.duration, b.duration);
    EXPECT_EQ(a.interval, b.interval);
    EXPECT_EQ(a.ticks, b.ticks);
    EXPECT_EQ(a.stacks, b.stacks);
    EXPECT_EQ(a.losses, b.losses);
    EXPECT_EQ(std::tuple(a.idle_included, a.gil_only, a.blocking, a.native, a.tasks, a.timeline, a.cpu_time,
                         a.longest_interval),
              std::tuple(b.idle_included, b.gil_only, b.blocking, b.native, b.tasks, b.timeline, b.cpu_time,
                         b.longest_interval));
    EXPECT_EQ(a.started_unix, b.started_unix);
    EXPECT_EQ(std::tuple(a.host.name, a.host.kernel, a.host.machine, a.host.processors),
              std::tuple(b.host.name, b.host.kernel, b.host.machine, b.host.processors));
}

/// Every table, row by row.
inline void expect_same_profile(const Profile& a, const Profile& b) {
    expect_same_info(a.info, b.info);
    EXPECT_EQ(a.strings, b.strings);
    expect_same_rows(a.functions, b.functions, "functions");
    expect_same_rows(a.frames, b.frames, "frames");
    expect_same_rows(a.stacks, b.stacks, "stacks");
    expect_same_rows(a.processes, b.processes, "processes");
    expect_same_rows(a.threads, b.threads, "threads");
    expect_same_rows(a.samples, b.samples, "samples");
}

}  // namespace lampyr::test
