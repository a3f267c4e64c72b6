// SPDX-License-Identifier: MIT
#include "export/chrome_trace.hpp"

#include "unit/base/hostile_text.hpp"
#include "unit/export/string_sink.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace lampyr {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using test::ProfileDraft;

ProfileInfo info() {
    ProfileInfo info;
    info.duration = milliseconds(200);
    info.interval = milliseconds(10);
    return info;
}

/// A slice as a viewer draws it. Times in milliseconds.
struct Slice {
    std::string name;
    double begin = 0;
    double end = 0;
    std::size_t depth = 0;
    friend bool operator==(const Slice&, const Slice&) = default;
    friend void PrintTo(const Slice& slice, std::ostream* out) {
        *out << slice.name << ' ' << slice.begin << '-' << slice.end << " at " << slice.depth;
    }
};
using Track = std::pair<std::int64_t, std::int64_t>;

struct Trace {
    std::map<Track, std::vector<Slice>> slices;
    std::map<Track, std::string> thread_names;
    std::map<std::int64_t, std::string> process_names;
};

/// Reads a trace by the rules of the trace-event format: every event has its keys, begins and ends pair up within a
/// thread, and time never goes back in it.
Trace read_trace(const std::string& text) {
    Trace trace;
    const json doc = json::parse(text);
    EXPECT_TRUE(doc["displayTimeUnit"] == "ms" || doc["displayTimeUnit"] == "ns");
    std::map<Track, std::vector<Slice>> open;
    std::map<Track, double> now;
    for (const json& event : doc["traceEvents"]) {
        const Track track{event.at("pid").get<std::int64_t>(), event.at("tid").get<std::int64_t>()};
        const std::string phase = event.at("ph");
        if (phase == "M") {
            const std::string name = event.at("name");
            if (name == "thread_name") trace.thread_names[track] = event.at("args").at("name");
            if (name == "process_name") trace.process_names[track.first] = event.at("args").at("name");
            EXPECT_TRUE(event.at("args").is_object());
            continue;
        }
        const double time = event.at("ts").get<double>() / 1000;
        EXPECT_GE(time, now[track]);
        now[track] = time;
        std::vector<Slice>& stack = open[track];
        if (phase == "B") {
            EXPECT_TRUE(event.at("name").is_string() && event.at("cat").is_string());
            stack.push_back({event.at("name"), time, 0, stack.size()});
        } else if (phase == "E" && !stack.empty()) {
            EXPECT_EQ(event.at("name"), stack.back().name) << "speedscope wants it";
            stack.back().end = time;
            EXPECT_GT(time, stack.back().begin);
            trace.slices[track].push_back(stack.back());
            stack.pop_back();
        } else {
            ADD_FAILURE() << "unexpected event " << event;
        }
    }
    for (const auto& [track, stack] : open) EXPECT_TRUE(stack.empty()) << "a slice has no end";
    return trace;
}

Trace written(const Profile& profile, const ExportOptions& options = {}) {
    return read_trace(test::written(profile, Format::kChromeTrace, options));
}

TEST(ChromeTrace, ShowsFramesInRealTime) {
    ProfileDraft maker({.timeline = true});
    const ProcessId process = maker.process(42);
    const ThreadId main = maker.thread(process, 42, "MainThread");
    const ThreadId worker = maker.thread(process, 43);
    const FrameId module = maker.frame("<module>", "/srv/run.py", 9, 1);
    const FrameId f = maker.frame("f", "/srv/run.py", 3, 2);
    maker.sample(main, maker.stack({module, f}), 0);
    maker.sample(main, maker.stack({module, f}), 12);
    maker.sample(main, maker.stack({module}), 25);
    maker.sample(main, maker.stack({module, f}), 100);  // 65 ms without a sample
    maker.sample(worker, maker.stack({f}), 50);
    const Trace trace = written(maker.finish(info()));

    EXPECT_EQ(
        trace.slices.at({42, 42}),
        (std::vector<Slice>{{"f", 0, 25, 1}, {"<module>", 0, 35, 0}, {"f", 100, 110, 1}, {"<module>", 100, 110, 0}}));
    EXPECT_EQ(trace.slices.at({42, 43}), (std::vector<Slice>{{"f", 50, 60, 0}}));
    EXPECT_EQ(trace.thread_names.at({42, 42}), "MainThread");
    EXPECT_EQ(trace.thread_names.at({42, 43}), "thread (43)");
    EXPECT_EQ(trace.process_names.at(42), "python3.13");
}

TEST(ChromeTrace, IdleIsShownAsIdle) {
    ProfileDraft maker({.timeline = true});
    const ThreadId main = maker.thread(maker.process(1), 1);
    const FrameId wait = maker.frame("wait", "/lib/threading.py", 9);
    maker.sample(main, maker.stack({wait}), 0);
    maker.sample(main, maker.stack({wait}), 10, 10, ThreadState::kIdle);
    maker.sample(main, maker.stack({wait}), 20, 10, ThreadState::kIdle);
    maker.sample(main, maker.stack({wait}), 30, 10, ThreadState::kRunningGil);
    maker.sample(main, kEmptyStack, 40, 10, ThreadState::kIdle);
    maker.sample(main, kEmptyStack, 50, 10);
    const Trace trace = written(maker.finish(info()));
    EXPECT_EQ(
        trace.slices.at({1, 1}),
        (std::vector<Slice>{
            {"(idle)", 10, 30, 1}, {"wait", 0, 40, 0}, {"(idle)", 40, 50, 0}, {"(no Python frames)", 50, 60, 0}}));
}

TEST(ChromeTrace, ASliceGoesOnWhileItsLineIsTheSame) {
    ProfileDraft maker({.timeline = true});
    const ThreadId main = maker.thread(maker.process(1), 1);
    maker.sample(main, maker.stack({maker.frame("f", "m.py", 3)}), 0);
    maker.sample(main, maker.stack({maker.frame("f", "m.py", 4)}), 10);
    const Profile profile = maker.finish(info());
    EXPECT_EQ(written(profile).slices.at({1, 1}).size(), 2U);
    EXPECT_EQ(written(profile, {.lines = Lines::kFunction, .title = {}}).slices.at({1, 1}),
              (std::vector<Slice>{{"f", 0, 20, 0}}));
    EXPECT_EQ(written(profile, {.lines = Lines::kNone, .title = {}}).slices.at({1, 1}).size(), 1U);
}

TEST(ChromeTrace, ThreadsOfUnknownIdHaveRowsOfTheirOwn) {
    ProfileDraft maker({.timeline = true});
    const ProcessId process = maker.process(1);
    const ThreadId first = maker.thread(process, 0);
    const ThreadId second = maker.thread(process, 0);
    maker.sample(first, maker.stack({maker.frame("f", "m.py", 3)}), 0);
    maker.sample(second, maker.stack({maker.frame("g", "m.py", 3)}), 0);
    EXPECT_EQ(written(maker.finish(info())).slices.size(), 2U);
}

TEST(ChromeTrace, ForkedProcessesStayApart) {
    ProfileDraft maker({.timeline = true});
    for (std::int32_t pid = 1; pid <= 2; ++pid) {
        const ThreadId thread = maker.thread(maker.process(pid), pid);  // a forked child has its parent's idents
        maker.sample(thread, maker.stack({maker.frame("f" + std::to_string(pid), "m.py", 3)}), 0);
    }
    const Trace trace = written(maker.finish(info()));
    EXPECT_EQ(trace.slices.at({1, 1}).front().name, "f1");
    EXPECT_EQ(trace.slices.at({2, 2}).front().name, "f2");
}

TEST(ChromeTrace, AnyTimelineIsWellFormed) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        const Profile profile = test::mixed_profile(seed, true);
        const Trace trace = written(profile);
        std::set<Track> expected;
        for (const Sample& sample : profile.samples) {
            const Thread& thread = profile.threads[sample.thread.value];
            expected.insert({profile.processes[thread.process.value].pid.value, thread.os_tid.value});
        }
        EXPECT_EQ(trace.slices.size(), expected.size());
    }
}

TEST(ChromeTrace, NamesCannotBreakOut) {
    ProfileDraft maker({.timeline = true});
    std::vector<std::string> names;
    std::int64_t now = 0;
    const ThreadId thread = maker.thread(maker.process(1), 1, "\x1b]0;x\x07</script>");
    for (const std::string& name : test::hostile_texts()) {
        maker.sample(thread, maker.stack({maker.frame(name, name, 1)}), now);
        now += 10;
    }
    const std::string text = test::written(maker.finish(info()), Format::kChromeTrace);
    EXPECT_EQ(text.find("</script"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    static_cast<void>(read_trace(text));
}

TEST(ChromeTrace, IsRefusedWithoutTimes) {
    test::StringSink sink;
    const Result<void> result = write_profile(test::mixed_profile(1), Format::kChromeTrace, {}, sink);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kUsage);
    EXPECT_TRUE(write_profile(Profile{}, Format::kChromeTrace, {}, sink)) << "nothing needs no times";
}

}  // namespace
}  // namespace lampyr
