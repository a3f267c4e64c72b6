// SPDX-License-Identifier: MIT
#include "export/speedscope.hpp"

#include "unit/base/hostile_text.hpp"
#include "unit/export/string_sink.hpp"
#include "unit/profile/sample_profile.hpp"

#include <lampyr/version.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <map>
#include <numeric>
#include <set>

namespace lampyr {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using test::ProfileDraft;

json written(const Profile& profile, const ExportOptions& options = {}) {
    const std::string text = test::written(profile, Format::kSpeedscope, options);
    EXPECT_TRUE(text.ends_with("}\n"));
    return json::parse(text);
}

ProfileInfo info(milliseconds duration) {
    ProfileInfo info;
    info.duration = duration;
    info.interval = milliseconds(10);
    return info;
}

double weight_of(const json& thread) {
    return std::accumulate(thread["weights"].begin(), thread["weights"].end(), 0.0,
                           [](double sum, const json& weight) { return sum + weight.get<double>(); });
}

TEST(Speedscope, TimelineKeepsRealTime) {
    ProfileDraft maker({.timeline = true});
    const ProcessId process = maker.process(42);
    const ThreadId main = maker.thread(process, 42, "MainThread");
    const ThreadId worker = maker.thread(process, 43);
    const FrameId module = maker.frame("<module>", "/srv/run.py", 9, 1);
    const FrameId f = maker.frame("f", "/srv/run.py", 3, 2);
    maker.sample(main, maker.stack({module, f}), 0, 10);
    maker.sample(main, maker.stack({module, f}), 10, 10);
    maker.sample(main, maker.stack({module}), 20, 10);
    maker.sample(main, maker.stack({module}), 30, 10, ThreadState::kRunningGil);
    maker.sample(main, maker.stack({module, f}), 100, 10);  // 60 ms without a sample
    maker.sample(worker, maker.stack({f}), 50, 10);
    const json doc = written(maker.finish(info(milliseconds(200))));

    EXPECT_EQ(doc["exporter"], "lampyr@" LAMPYR_VERSION);
    EXPECT_EQ(doc["name"], "lampyr: process 42, Python 3.13.0");
    EXPECT_EQ(doc["activeProfileIndex"], 0);
    EXPECT_EQ(doc["shared"]["frames"], json::parse(R"([{"name": "<module>", "file": "/srv/run.py", "line": 9},
                                                       {"name": "f", "file": "/srv/run.py", "line": 3}])"));
    ASSERT_EQ(doc["profiles"].size(), 2U);
    const json& first = doc["profiles"][0];
    EXPECT_EQ(first["type"], "sampled");
    EXPECT_EQ(first["unit"], "seconds");
    EXPECT_EQ(first["name"], "Thread 42 \"MainThread\"");
    EXPECT_EQ(first["startValue"], 0);
    EXPECT_EQ(first["endValue"], 0.2);
    EXPECT_EQ(first["samples"], json::parse("[[0, 1], [0], [], [0, 1], []]"));
    EXPECT_EQ(first["weights"], json::parse("[0.02, 0.02, 0.06, 0.01, 0.09]"));
    EXPECT_EQ(doc["profiles"][1]["name"], "Thread 43");
    EXPECT_EQ(doc["profiles"][1]["samples"], json::parse("[[], [1], []]"));
}

TEST(Speedscope, CarriesTheFactsOfTheRecording) {
    Profile profile = test::mixed_profile(1);
    profile.info.losses[static_cast<std::size_t>(Loss::kUnproven)] = 7;
    profile.info.rate_got_hz = std::numeric_limits<double>::quiet_NaN();
    profile.info.blocking = true;
    const json facts = written(profile)["lampyr"];
    EXPECT_EQ(facts["stacks"], 400);
    EXPECT_EQ(facts["losses"].size(), kLossCount);
    EXPECT_EQ(facts["losses"]["unproven"], 7);
    EXPECT_EQ(facts["losses"]["late"], 0);
    EXPECT_TRUE(facts["rate_got_hz"].is_null());
    EXPECT_EQ(facts["blocking"], true);
}

TEST(Speedscope, JitterIsNoHole) {
    ProfileDraft maker({.timeline = true});
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const StackId stacks[] = {maker.stack({maker.frame("a", "/m.py", 1)}), maker.stack({maker.frame("b", "/m.py", 2)})};
    std::mt19937 random(4);
    std::int64_t last = 0;
    for (std::uint32_t i = 0; i < 500; ++i) {
        last = static_cast<std::int64_t>(10 * i + random() % 9);
        maker.sample(thread, stacks[i % 2], last, 10);
    }
    const json doc = written(maker.finish(info(milliseconds(last + 10))));
    const json& thread_profile = doc["profiles"][0];
    std::size_t holes = 0;
    for (const json& sample : thread_profile["samples"])
        if (sample.empty()) ++holes;
    EXPECT_LE(holes, 1U) << "at most the rest at the end";
    EXPECT_NEAR(thread_profile["endValue"].get<double>(), static_cast<double>(last + 10) / 1000, 0.021);
}

TEST(Speedscope, WithoutATimelineWeightsStillAddUp) {
    for (unsigned seed = 0; seed < 12; ++seed) {
        const Profile profile = test::mixed_profile(seed, seed % 2 == 0);
        std::map<std::uint32_t, double> expected;
        for (const Sample& sample : profile.samples)
            expected[sample.thread.value] += std::chrono::duration<double>(sample.weight).count();
        const json doc = written(profile);
        ASSERT_EQ(doc["profiles"].size(), expected.size());
        auto want = expected.begin();
        for (const json& thread : doc["profiles"]) {
            ASSERT_EQ(thread["samples"].size(), thread["weights"].size());
            double holes = 0;
            for (std::size_t i = 0; i < thread["samples"].size(); ++i)
                if (thread["samples"][i].empty()) holes += thread["weights"][i].get<double>();
            EXPECT_NEAR(weight_of(thread), thread["endValue"].get<double>(), 1e-9);
            EXPECT_NEAR(weight_of(thread) - holes, want->second, 1e-9);
            if (seed % 2 != 0) {
                EXPECT_EQ(holes, 0);
            }
            ++want;
        }
    }
}

TEST(Speedscope, FramesAreThereOnceAndAllUsed) {
    for (const Lines lines : {Lines::kLine, Lines::kFunction, Lines::kNone}) {
        const json doc = written(test::mixed_profile(6), {.lines = lines, .title = ""});
        const json& frames = doc["shared"]["frames"];
        std::set<std::string> texts;
        for (const json& frame : frames) {
            EXPECT_TRUE(texts.insert(frame.dump()).second) << frame;
            EXPECT_TRUE(lines != Lines::kNone || !frame.contains("line"));
        }
        std::set<std::size_t> used;
        for (const json& thread : doc["profiles"])
            for (const json& sample : thread["samples"])
                for (const json& frame : sample) used.insert(frame.get<std::size_t>());
        EXPECT_EQ(used.size(), frames.size());
        EXPECT_EQ(*used.rbegin(), frames.size() - 1);
    }
}

TEST(Speedscope, ManyProcessesAreNamed) {
    ProfileDraft maker;
    const ThreadId two = maker.thread(maker.process(2), 20, "b");
    const ThreadId unknown = maker.thread(maker.process(3), 0);
    const StackId stack = maker.stack({maker.frame("f", "", 0)});
    maker.sample(unknown, stack, 0, 50);
    maker.sample(two, stack, 0, 10);
    const json doc = written(maker.finish());
    EXPECT_EQ(doc["name"], "lampyr: 2 processes");
    EXPECT_EQ(doc["profiles"][0]["name"], "Process 2 Thread 20 \"b\"");
    EXPECT_EQ(doc["profiles"][1]["name"], "Process 3 Thread 0x7f0000000000");
    EXPECT_EQ(doc["activeProfileIndex"], 1) << "the busiest thread is shown first";
    EXPECT_EQ(doc["shared"]["frames"], json::parse(R"([{"name": "f"}])"));
}

TEST(Speedscope, HostileNamesAreData) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1, "</script>\x1b[2J");
    std::set<std::string> names;
    for (const std::string& text : test::hostile_texts())
        maker.sample(thread, maker.stack({maker.frame(text, text, 1)}));
    const std::string text = test::written(maker.finish(), Format::kSpeedscope);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('<'), std::string::npos);
    const json doc = json::parse(text);
    EXPECT_EQ(doc["profiles"][0]["name"], "Thread 1 \"</script>\x1b[2J\"");
    bool found = false;
    for (const json& frame : doc["shared"]["frames"])
        found = found || frame["name"] == "</script><script>alert(1)</script>";
    EXPECT_TRUE(found);
}

TEST(Speedscope, StacksWithoutFramesAreNamed) {
    ProfileDraft maker;
    maker.sample(maker.thread(maker.process(1), 1), kEmptyStack, 0, 10);
    const json doc = written(maker.finish());
    EXPECT_EQ(doc["shared"]["frames"][0]["name"], "(no Python frames)");
    EXPECT_EQ(doc["profiles"][0]["samples"], json::parse("[[0]]"));
}

}  // namespace
}  // namespace lampyr
