// SPDX-License-Identifier: MIT
#include "export/folded.hpp"

#include "base/escape.hpp"
#include "profile/labels.hpp"
#include "unit/base/hostile_text.hpp"
#include "unit/export/string_sink.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

namespace lampyr {
namespace {

using test::ProfileDraft;
using Path = std::vector<std::string>;

/// Reads folded stacks as any reader would: last blank before the count, `;` between frames; then undoes the escapes.
std::map<Path, std::uint64_t> read_folded(const std::string& text) {
    std::map<Path, std::uint64_t> stacks;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto blank = line.rfind(' ');
        if (blank == std::string::npos) {
            ADD_FAILURE() << "no count: " << line;
            continue;
        }
        std::uint64_t count = 0;
        const auto parsed = std::from_chars(line.data() + blank + 1, line.data() + line.size(), count);
        EXPECT_TRUE(parsed.ec == std::errc() && parsed.ptr == line.data() + line.size() && count > 0) << line;
        Path path;
        std::istringstream frames(line.substr(0, blank));
        for (std::string frame; std::getline(frames, frame, ';');) {
            const auto plain = base::folded_unescape(frame);
            EXPECT_TRUE(plain.has_value()) << frame;
            path.push_back(plain.value_or("?"));
        }
        EXPECT_FALSE(path.empty());
        EXPECT_TRUE(stacks.emplace(path, count).second) << "a stack is there twice: " << line;
    }
    return stacks;
}

std::uint64_t sum(const std::map<Path, std::uint64_t>& stacks) {
    std::uint64_t total = 0;
    for (const auto& [path, count] : stacks) total += count;
    return total;
}

TEST(Folded, LooksAsDocumented) {
    ProfileDraft maker;
    const ProcessId process = maker.process(42, "python -c 'import a; a.main()'");
    const ThreadId main = maker.thread(process, 42, "MainThread");
    const ThreadId worker = maker.thread(process, 43, "worker-1");
    const FrameId module = maker.frame("<module>", "/srv/app/run.py", 9, 1);
    const FrameId work = maker.frame("Job.work", "/srv/app/jobs/job.py", 31, 28);
    const FrameId other = maker.frame("Job.work", "/srv/app/jobs/job.py", 33, 28);
    const FrameId unproven = maker.builder.intern_marker("(unproven)");
    for (int i = 0; i < 3; ++i) maker.sample(main, maker.stack({module, work}), 10 * i);
    maker.sample(main, maker.stack({module, other}));
    maker.sample(main, maker.stack({module, unproven, other}));
    maker.sample(worker, maker.stack({work}), 0, 10, ThreadState::kIdle);
    maker.sample(worker, maker.stack({work}), 0, 10);
    const Profile profile = maker.finish();

    EXPECT_EQ(test::written(profile, Format::kRaw),
              "<module> (run.py:9);(unproven);Job.work (job.py:33) 1\n"
              "<module> (run.py:9);Job.work (job.py:31) 3\n"
              "<module> (run.py:9);Job.work (job.py:33) 1\n"
              "Job.work (job.py:31) 2\n");
    EXPECT_EQ(test::written(profile, Format::kRaw, {.lines = Lines::kFunction, .title = ""}),
              "<module> (run.py:1);(unproven);Job.work (job.py:28) 1\n"
              "<module> (run.py:1);Job.work (job.py:28) 4\n"
              "Job.work (job.py:28) 2\n");
    EXPECT_EQ(
        test::written(profile, Format::kRaw,
                      {.lines = Lines::kNone, .threads = true, .processes = true, .full_filenames = true, .title = ""}),
        "process 42:\"python -c 'import a\\x3b a.main()'\";thread (42): MainThread;<module> (/srv/app/run.py);"
        "(unproven);Job.work (/srv/app/jobs/job.py) 1\n"
        "process 42:\"python -c 'import a\\x3b a.main()'\";thread (42): MainThread;<module> (/srv/app/run.py);"
        "Job.work (/srv/app/jobs/job.py) 4\n"
        "process 42:\"python -c 'import a\\x3b a.main()'\";thread (43): worker-1;Job.work (/srv/app/jobs/job.py) 2\n");
}

TEST(Folded, CountsAddUpHoweverItIsWritten) {
    for (unsigned seed = 0; seed < 24; ++seed) {
        const Profile profile = test::mixed_profile(seed, seed % 2 == 0);
        ExportOptions options;
        options.lines = static_cast<Lines>(seed % 3);
        options.threads = (seed & 1) != 0;
        options.processes = (seed & 2) != 0;
        options.full_filenames = (seed & 4) != 0;
        const auto stacks = read_folded(test::written(profile, Format::kRaw, options));
        EXPECT_EQ(sum(stacks), profile.info.stacks);
    }
}

TEST(Folded, CountsAreTimeInIntervals) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const auto add = [&](std::string_view name, std::int64_t weight_ms) {
        maker.sample(thread, maker.stack({maker.frame(name, "/m.py", 1)}), 0, weight_ms);
    };
    add("a", 14);   // 1.4 intervals, 0.4 to the next
    add("b", 12);   // 1.6, takes 0.4 from the next
    add("c", 16);   // 1.2
    add("d", 0);    // waited for a CPU: no time, no line
    add("e", 108);  // 11.0
    for (int i = 0; i < 100; ++i) add("f", 0);
    ProfileInfo info;
    info.interval = std::chrono::milliseconds(10);
    EXPECT_EQ(test::written(maker.finish(std::move(info)), Format::kRaw),
              "a (m.py:1) 1\n"
              "b (m.py:1) 2\n"
              "c (m.py:1) 1\n"
              "e (m.py:1) 11\n");
}

TEST(Folded, RoundedCountsAddUpToAllTime) {
    for (unsigned seed = 0; seed < 24; ++seed) {
        Profile profile = test::mixed_profile(seed);
        profile.info.interval = std::chrono::microseconds(1300);
        std::chrono::nanoseconds all{0};
        for (const Sample& sample : profile.samples) all += sample.weight;
        const ExportOptions options{.threads = seed % 2 == 0, .title = ""};
        const auto stacks = read_folded(test::written(profile, Format::kRaw, options));
        EXPECT_EQ(static_cast<std::int64_t>(sum(stacks)), (all + profile.info.interval / 2) / profile.info.interval);
    }
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(Folded, LinesAreSorted) {
    for (unsigned seed = 0; seed < 8; ++seed) {
        const ExportOptions options{.threads = seed % 2 == 0, .title = ""};
        const auto lines = lines_of(test::written(test::mixed_profile(seed), Format::kRaw, options));
        EXPECT_GT(lines.size(), 20U);
        EXPECT_TRUE(std::is_sorted(lines.begin(), lines.end())) << seed;
    }
}

TEST(Folded, LinesAreSortedWhereOneFrameBeginsAnother) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 7);
    std::vector<FrameId> frames;
    for (const char* name : {"f", "f (", "f 5", "f 57 x", "f!", "f:", "f<", "fa", "\xc3\xa9", "f 1;"})
        frames.push_back(maker.builder.intern_marker(name));
    for (const FrameId a : frames) {
        for (const FrameId b : frames) maker.sample(thread, maker.stack({a, b}));
        for (int i = 0; i < 5; ++i) maker.sample(thread, maker.stack({a}));
    }
    const auto lines = lines_of(test::written(maker.finish(), Format::kRaw));
    EXPECT_EQ(lines.size(), frames.size() * (frames.size() + 1));
    EXPECT_TRUE(std::is_sorted(lines.begin(), lines.end()));
}

TEST(Folded, HostileNamesComeBackAndMergeWithNothing) {
    ProfileDraft maker;
    const ProcessId process = maker.process(1, "python \n -c 'x;y' 7");
    std::map<Path, std::uint64_t> expected;
    std::uint64_t count = 0;
    for (const std::string& text : test::hostile_texts()) {
        const ThreadId thread = maker.thread(process, 5, text);
        const FrameId name = maker.frame(text, "/m.py", 1);
        const FrameId file = maker.frame("f", "/" + text, 2);
        const FrameId bare = maker.builder.intern_marker(text);
        maker.sample(thread, maker.stack({name, file, bare}));
        ++count;
    }
    const Profile profile = maker.finish();
    for (const Sample& sample : profile.samples) {
        Path path = {profile::thread_label(profile, sample.thread)};
        for (StackId at = sample.stack; at != kEmptyStack; at = profile.stacks[at.value].parent)
            path.insert(path.begin() + 1,
                        profile::frame_label(profile, profile.stacks[at.value].frame, Lines::kLine, true));
        expected[path] += sample.count;
    }
    const auto stacks =
        read_folded(test::written(profile, Format::kRaw, {.threads = true, .full_filenames = true, .title = ""}));
    EXPECT_EQ(sum(stacks), count);
    EXPECT_EQ(stacks, expected);
}

TEST(Folded, AStackWithoutFramesIsCounted) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 7);
    maker.sample(thread, kEmptyStack);
    const Profile profile = maker.finish();
    EXPECT_EQ(test::written(profile, Format::kRaw), "(no Python frames) 1\n");
    EXPECT_EQ(test::written(profile, Format::kRaw, {.threads = true, .title = ""}),
              "thread (7);(no Python frames) 1\n");
}

TEST(Folded, NothingIsAnEmptyFile) { EXPECT_EQ(test::written(Profile{}, Format::kRaw), ""); }

TEST(Folded, DepthIsNoDanger) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 7);
    const FrameId frame = maker.frame("f", "/m.py", 1);
    StackId at = kEmptyStack;
    for (int i = 0; i < 100'000; ++i) at = maker.builder.intern_stack(at, frame);
    maker.sample(thread, at);
    const std::string text = test::written(maker.finish(), Format::kRaw);
    EXPECT_EQ(std::count(text.begin(), text.end(), ';'), 99'999);
}

TEST(Folded, StopsWorkingWhenTheSinkIsFull) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 7);
    StackId at = kEmptyStack;
    for (std::uint32_t i = 0; i < 3000; ++i) {
        at = maker.builder.intern_stack(at, maker.frame("f", "/m.py", i));
        maker.sample(thread, at);
    }
    test::FullSink sink(200'000);
    EXPECT_FALSE(write_profile(maker.finish(), Format::kRaw, {}, sink).has_value());
    EXPECT_LE(sink.calls, 5) << "the sink is not asked again";
}

}  // namespace
}  // namespace lampyr
