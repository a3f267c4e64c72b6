// SPDX-License-Identifier: MIT
#include <lampyr/transform.hpp>

#include "profile/builder.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr {
namespace {

using std::chrono::milliseconds;
using test::ProfileDraft;

/// Main: 10 × a→b; worker: 5 × a→c, later; and one stack without frames.
Profile two_threads() {
    ProfileDraft maker({.timeline = true});
    const ProcessId process = maker.process(42, "python app.py --fast");
    const ThreadId main = maker.thread(process, 42, "MainThread");
    const ThreadId worker = maker.thread(maker.process(7, "python other.py"), 43, "worker-1");
    const FrameId a = maker.frame("a", "/srv/pkg/a.py", 1);
    const FrameId b = maker.frame("B.run", "/srv/pkg/b.py", 2);
    const FrameId c = maker.frame("c", "/srv/c.py", 3);
    for (int i = 0; i < 10; ++i) maker.sample(main, maker.stack({a, b}), 10 * i);
    for (int i = 0; i < 5; ++i) maker.sample(worker, maker.stack({a, c}), 100 + 10 * i);
    maker.sample(worker, kEmptyStack, 150);
    ProfileInfo info;
    info.interval = milliseconds(10);
    return maker.finish(info);
}

std::uint64_t kept(const ProfileFilter& filter) {
    const Result<Profile> profile = filter_profile(two_threads(), filter);
    EXPECT_TRUE(profile);
    if (!profile) return 0;
    std::uint64_t sum = 0;
    for (const Sample& sample : profile->samples) sum += sample.count;
    EXPECT_EQ(profile->info.stacks, sum);
    return sum;
}

TEST(Filter, NothingAskedKeepsEverything) { EXPECT_EQ(kept({}), 16U); }

TEST(Filter, KeepsWhatMatches) {
    EXPECT_EQ(kept({.threads = {"Main"}}), 10U);
    EXPECT_EQ(kept({.threads = {"^worker-[0-9]$"}}), 6U);
    EXPECT_EQ(kept({.threads = {"\\(43\\)"}}), 6U);
    EXPECT_EQ(kept({.processes = {"^42 "}}), 10U);
    EXPECT_EQ(kept({.processes = {"--fast"}}), 10U);
    EXPECT_EQ(kept({.functions = {"^B\\.run$"}}), 10U);
    EXPECT_EQ(kept({.functions = {"^a$"}}), 15U);
    EXPECT_EQ(kept({.files = {"/srv/pkg/b"}}), 10U);
    EXPECT_EQ(kept({.files = {"^c\\.py$"}}), 5U) << "the short name counts, too";
    EXPECT_EQ(kept({.functions = {"nothing"}}), 0U);
}

TEST(Filter, OneOfAListButAllLists) {
    EXPECT_EQ(kept({.threads = {"Main", "worker"}}), 16U);
    EXPECT_EQ(kept({.threads = {"Main"}, .functions = {"^c$"}}), 0U);
    EXPECT_EQ(kept({.functions = {"^a$"}, .files = {"c\\.py"}}), 5U);
}

TEST(Filter, CutsStretchesToTheTime) {
    EXPECT_EQ(kept({.from = milliseconds(100)}), 6U);
    EXPECT_EQ(kept({.to = milliseconds(50)}), 5U) << "half of main's stretch";
    EXPECT_EQ(kept({.from = milliseconds(90), .to = milliseconds(110)}), 2U);
    EXPECT_EQ(kept({.from = std::chrono::seconds(9)}), 0U);
    const Result<Profile> half = filter_profile(two_threads(), {.from = milliseconds(50), .to = milliseconds(100)});
    ASSERT_TRUE(half);
    ASSERT_EQ(half->samples.size(), 1U);
    EXPECT_EQ(half->samples[0].start, milliseconds(50));
    EXPECT_EQ(half->samples[0].weight, milliseconds(50));
}

TEST(Filter, LeavesNothingBehindOfWhatIsGone) {
    const Result<Profile> profile = filter_profile(two_threads(), {.threads = {"Main"}});
    ASSERT_TRUE(profile);
    EXPECT_EQ(profile->threads.size(), 1U);
    EXPECT_EQ(profile->processes.size(), 1U);
    EXPECT_EQ(profile->functions.size(), 2U);
    EXPECT_EQ(profile->stacks.size(), 2U);
    for (const std::string& text : profile->strings) EXPECT_EQ(text.find("other"), std::string::npos);
    EXPECT_EQ(profile->string(profile->functions[1].name), "B.run");
}

TEST(Filter, SaysWhatIsWrong) {
    const Result<Profile> bad = filter_profile(two_threads(), {.functions = {"a("}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::kUsage);
    const Result<Profile> timeless = filter_profile(test::mixed_profile(1), {.from = milliseconds(1)});
    ASSERT_FALSE(timeless);
    EXPECT_EQ(timeless.error().code, ErrorCode::kUsage);
}

TEST(Filter, LongNamesAreNoDanger) {
    ProfileDraft maker;
    maker.sample(maker.thread(maker.process(1), 1), maker.stack({maker.frame(std::string(1'000'000, 'a'), "x", 1)}));
    const Result<Profile> profile = filter_profile(maker.finish(), {.functions = {"a.*b|^(a|aa)+$"}});
    ASSERT_TRUE(profile);
}

std::vector<std::string> names(const Profile& profile) {
    std::vector<std::string> result;
    for (const Function& function : profile.functions) result.push_back(profile.string(function.name));
    std::sort(result.begin(), result.end());
    return result;
}

TEST(Group, FilesTakeThePlaceOfFunctions) {
    const Profile grouped = group_profile(two_threads(), Grouping::kFile, false);
    EXPECT_EQ(names(grouped), (std::vector<std::string>{"a.py", "b.py", "c.py"}));
    EXPECT_EQ(names(group_profile(two_threads(), Grouping::kFile, true)).front(), "/srv/c.py");
    EXPECT_EQ(grouped.info.stacks, 16U);
    EXPECT_EQ(grouped.samples.size(), two_threads().samples.size());
    EXPECT_EQ(grouped.threads.size(), 2U);
}

TEST(Group, NeighboursOfOneFileAreOneFrame) {
    ProfileDraft maker;
    const FrameId f = maker.frame("f", "m.py", 1);
    const FrameId g = maker.frame("g", "m.py", 2);
    const FrameId h = maker.frame("h", "n.py", 2);
    maker.sample(maker.thread(maker.process(1), 1), maker.stack({f, g, h, f, f}));
    const Profile grouped = group_profile(maker.finish(), Grouping::kFile, false);
    std::size_t depth = 0;
    for (StackId at = grouped.samples[0].stack; at != kEmptyStack; at = grouped.stacks[at.value].parent) ++depth;
    EXPECT_EQ(depth, 3U);
}

TEST(Group, ModulesAreNamedAsPythonDoes) {
    ProfileDraft maker;
    const auto add = [&](const char* short_file) {
        Function function;
        function.name = maker.builder.intern_string("f");
        function.file = maker.builder.intern_string(std::string("/x/") + short_file);
        function.short_file = maker.builder.intern_string(short_file);
        maker.sample(maker.thread(maker.process(1), 1),
                     maker.stack({maker.builder.intern_frame(maker.builder.intern_function(function), 1)}));
    };
    for (const char* file : {"app/jobs.py", "json/__init__.py", "<frozen importlib._bootstrap>", "<string>", "run.py",
                             "/abs/x.py", "noext", ".py"})
        add(file);
    const ThreadId thread = maker.thread(maker.process(1), 1);
    maker.sample(thread, maker.stack({maker.builder.intern_marker("(unproven)")}));
    EXPECT_EQ(names(group_profile(maker.finish(), Grouping::kModule, false)),
              (std::vector<std::string>{"(unproven)", ".py", "<string>", "abs.x", "app.jobs", "importlib._bootstrap",
                                        "json", "noext", "run"}));
}

}  // namespace
}  // namespace lampyr
