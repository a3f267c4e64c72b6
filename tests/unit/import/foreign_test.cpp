// SPDX-License-Identifier: MIT
// Profiles that others wrote, and our own in foreign formats read back.
#include "unit/import/recorded_file.hpp"

#include <gtest/gtest.h>
#include <protozero/pbf_builder.hpp>

#include "profile/pprof_tags.hpp"

namespace lampyr {
namespace {

Profile read(const std::string& text, SourceFormat format) {
    const Result<ReadProfile> read = parse_profile(text);
    EXPECT_TRUE(read) << to_string(read.error());
    if (!read) return {};
    EXPECT_EQ(read->format, format);
    EXPECT_TRUE(read->complete);
    return read->profile;
}

std::string refused(const std::string& text) {
    const Result<ReadProfile> read = parse_profile(text);
    EXPECT_FALSE(read) << text;
    if (read) return "";
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    return read.error().message;
}

std::string raw(const Profile& profile, bool threads = false) {
    return test::written(profile, Format::kRaw, {.threads = threads, .processes = threads, .title = {}});
}

TEST(Folded, OurRawFilesComeBackAsTheyWere) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        for (const bool threads : {false, true}) {
            const std::string text = raw(test::mixed_profile(seed), threads);
            EXPECT_EQ(raw(read(text, SourceFormat::kRaw), threads), text);
        }
    }
}

TEST(Folded, NamesThatNeededEscapesComeBack) {
    test::ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1);
    for (const char* name : {"a;b", "x 12", "# c", " ", "back\\slash", "new\nline", "", "f (g)", "f (g.py:0)", "(", ")",
                             "f ()", "(unproven)", "f (a (b).py:3)", "process 1:\"", "thread (x)"})
        maker.sample(thread, maker.stack({maker.frame(name, "/d/m (1).py", 3), maker.frame(name, "", 0)}));
    const std::string text = raw(maker.finish());
    EXPECT_EQ(raw(read(text, SourceFormat::kRaw)), text);
}

TEST(Folded, FramesAreTakenApart) {
    const Profile profile = read("A.f (a.py:3);<lambda> (b (c).py);g;(unproven) 4\n", SourceFormat::kRaw);
    ASSERT_EQ(profile.functions.size(), 4U);
    EXPECT_EQ(profile.string(profile.functions[0].name), "A.f");
    EXPECT_EQ(profile.string(profile.functions[0].file), "a.py");
    EXPECT_EQ(profile.frames[0].line, 3U);
    EXPECT_EQ(profile.string(profile.functions[1].file), "b (c).py");
    EXPECT_EQ(profile.functions[3].kind, FunctionKind::kMarker);
    EXPECT_EQ(profile.info.stacks, 4U);
    EXPECT_FALSE(profile.info.timeline);
}

TEST(Folded, PySpysRootsBecomeProcessAndThread) {
    const Profile profile = read(
        "process 1:\"python -m a\";process 22:\"python b.py\";thread (0x7F0000000001);f (m.py:3) 1\n"
        "process 1:\"python -m a\";thread (33): worker;g (m.py:4) 2\n",
        SourceFormat::kRaw);
    ASSERT_EQ(profile.processes.size(), 2U);
    EXPECT_EQ(profile.processes[0].pid, Pid{22});
    EXPECT_EQ(profile.string(profile.processes[1].command_line), "python -m a");
    ASSERT_EQ(profile.threads.size(), 2U);
    EXPECT_EQ(profile.threads[0].ident, 0x7F0000000001U);
    EXPECT_EQ(profile.threads[1].os_tid, Tid{33});
    EXPECT_EQ(profile.string(profile.threads[1].name), "worker");
}

TEST(Folded, AustinsNumbersAreMicroseconds) {
    const Result<ReadProfile> austin = parse_profile(
        "# austin: 3.7.0\r\n# mode: wall\n\nP42;T0:7f;/srv/a.py:<module>:1;C:\\x.py:f:12 1500\n"
        "P42;T9;/srv/a.py:g:3;:GC: 500,1,-4\nP42;T9;:INVALID: 1\nP42;T9 100\n");
    ASSERT_TRUE(austin) << to_string(austin.error());
    EXPECT_EQ(austin->format, SourceFormat::kAustin);
    EXPECT_FALSE(austin->notes.empty());
    const Profile& profile = austin->profile;
    EXPECT_EQ(profile.info.stacks, 2101U);
    ASSERT_EQ(profile.samples.size(), 4U);
    EXPECT_EQ(profile.samples[0].weight, std::chrono::microseconds(1500));
    EXPECT_EQ(profile.samples[1].state, ThreadState::kIdle);
    EXPECT_EQ(profile.threads[0].ident, 0x7fU);
    EXPECT_EQ(profile.threads[1].os_tid, Tid{9});
    EXPECT_EQ(raw(profile),
              "(no Python frames) 100\n(unreadable frame) 1\n"
              "<module> (/srv/a.py:1);f (C:\\\\x.py:12) 1500\n"
              "g (/srv/a.py:3);(garbage collection) 500\n");
}

TEST(Folded, AFunctionCalledP1IsNoProcess) {
    EXPECT_EQ(raw(read("P1;Tree.walk (t.py:3) 5\n", SourceFormat::kRaw)), "P1;Tree.walk (t.py:3) 5\n");
}

TEST(Folded, CPythonsOwnSamplerIsRead) {
    const Profile profile = read("tid:5;/a.py:f:3;/a.py:g:4 7\n", SourceFormat::kRaw);
    EXPECT_EQ(raw(profile), "f (/a.py:3);g (/a.py:4) 7\n");
    EXPECT_EQ(profile.threads[0].ident, 5U);
}

TEST(Folded, WhatIsNotFoldedIsRefusedWithItsLine) {
    EXPECT_NE(refused("f 1\nno number\n").find("line 2"), std::string::npos);
    EXPECT_NE(refused("f 1.5\n").find("whole number"), std::string::npos);
    EXPECT_NE(refused("f -1\n").find("whole number"), std::string::npos);
    EXPECT_NE(refused("f 99999999999999999999\n").find("whole number"), std::string::npos);
    EXPECT_NE(refused("f 1152921504606846976\ng 1\n").find("too large"), std::string::npos);
    EXPECT_NE(refused("# mode: memory\nP1;T1;a:b:1 5\n").find("memory"), std::string::npos);
    std::string deep = "f";
    for (int i = 0; i < 200'000; ++i) deep += ";f";
    EXPECT_NE(refused(deep + " 1\n").find("too many frames"), std::string::npos);
}

TEST(Folded, CountsWithoutTimeStayCounts) {
    const Profile profile = read("f (m.py:3) 5\n", SourceFormat::kRaw);
    EXPECT_NE(test::written(profile, Format::kSpeedscope).find("\"unit\":\"none\""), std::string::npos);
    const Profile back = read(test::written(profile, Format::kSpeedscope), SourceFormat::kSpeedscope);
    EXPECT_EQ(raw(back), "f (m.py:3) 5\n");
    EXPECT_EQ(raw(read(test::written(profile, Format::kPprof), SourceFormat::kPprof)), "f (m.py:3) 5\n");
}

/// Lines that the same function in the same file shares are kept, and so is all that pprof has a place for.
TEST(Pprof, OurFilesGiveEveryFormatOfTheSameProfile) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const Profile profile = test::played(seed, 200, {});
        const Profile back = read(test::written(profile, Format::kPprof), SourceFormat::kPprof);
        for (const bool threads : {false, true}) {
            const auto as_raw = [threads](const Profile& p, Lines lines, bool full) {
                return test::written(p, Format::kRaw,
                                     {.lines = lines, .threads = threads, .full_filenames = full, .title = {}});
            };
            EXPECT_EQ(as_raw(back, Lines::kLine, false), as_raw(profile, Lines::kLine, false));
            EXPECT_EQ(as_raw(back, Lines::kFunction, true), as_raw(profile, Lines::kFunction, true));
        }
        EXPECT_EQ(test::written(back, Format::kPprof).size() > 0, true);
        std::chrono::nanoseconds before{0};
        std::chrono::nanoseconds after{0};
        for (const Sample& sample : profile.samples) before += sample.weight;
        for (const Sample& sample : back.samples) after += sample.weight;
        EXPECT_EQ(before, after);
        EXPECT_EQ(back.info.started_unix, profile.info.started_unix);
        EXPECT_EQ(back.info.interval, profile.info.interval);
    }
}

TEST(Pprof, OthersMayCountOnlyTime) {
    using namespace profile::pprof;
    std::string bytes;
    protozero::pbf_builder<ProfileTag> file(bytes);
    for (const char* text : {"", "cpu", "nanoseconds", "main.f", "/x.go", "neg"})
        file.add_bytes(ProfileTag::kString, text);
    {
        protozero::pbf_builder<ValueTypeTag> type(file, ProfileTag::kSampleType);
        type.add_int64(ValueTypeTag::kType, 1);
        type.add_int64(ValueTypeTag::kUnit, 2);
    }
    {
        protozero::pbf_builder<ValueTypeTag> type(file, ProfileTag::kPeriodType);
        type.add_int64(ValueTypeTag::kType, 1);
        type.add_int64(ValueTypeTag::kUnit, 2);
    }
    file.add_int64(ProfileTag::kPeriod, 10'000'000);
    {
        protozero::pbf_builder<FunctionRowTag> function(file, ProfileTag::kFunction);
        function.add_uint64(FunctionRowTag::kId, 99);
        function.add_int64(FunctionRowTag::kName, 3);
        function.add_int64(FunctionRowTag::kFile, 4);
    }
    {
        protozero::pbf_builder<LocationTag> location(file, ProfileTag::kLocation);
        location.add_uint64(LocationTag::kId, 7);
        for (const std::int64_t line : {12, 5}) {  // the first is inlined into the second
            protozero::pbf_builder<LineTag> where(location, LocationTag::kLine);
            where.add_uint64(LineTag::kFunction, 99);
            where.add_int64(LineTag::kLine, line);
        }
    }
    const auto with_value = [&bytes](std::int64_t value) {
        std::string whole = bytes;
        protozero::pbf_builder<ProfileTag> builder(whole);
        protozero::pbf_builder<SampleRowTag> sample(builder, ProfileTag::kSample);
        sample.add_uint64(SampleRowTag::kLocation, 7);  // not packed, as some write it
        sample.add_int64(SampleRowTag::kValue, value);
        sample.commit();
        return whole;
    };
    EXPECT_EQ(raw(read(with_value(50'000'000), SourceFormat::kPprof)), "main.f (/x.go:5);main.f (/x.go:12) 5\n");
    EXPECT_NE(refused(with_value(-1)).find("below zero"), std::string::npos);
}

TEST(Pprof, DamageIsAPlainError) {
    const std::string file = test::written(test::played(1, 100), Format::kPprof);
    EXPECT_NE(refused(file.substr(0, file.size() - 20)).find("gzip"), std::string::npos);
    std::string flipped = file;
    flipped[file.size() / 2] = static_cast<char>(flipped[file.size() / 2] ^ 1);
    EXPECT_NE(refused(flipped), "");
    EXPECT_FALSE(parse_profile(file, {.memory = 1000}));
}

TEST(Speedscope, OurTimelinesComeBack) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const Profile profile = test::played(seed, 200);
        const Profile back = read(test::written(profile, Format::kSpeedscope), SourceFormat::kSpeedscope);
        EXPECT_TRUE(back.info.timeline);
        const ExportOptions options{.full_filenames = true, .title = {}};
        EXPECT_EQ(back.info.losses, profile.info.losses);
        EXPECT_EQ(test::written(back, Format::kRaw, options), test::written(profile, Format::kRaw, options));
    }
}

TEST(Speedscope, EventsAreRead) {
    const Profile profile = read(R"({"shared":{"frames":[{"name":"a"},{"name":"b","file":"b.py","line":3}]},"profiles":[
        {"type":"evented","name":"Process 4 Thread 5 \"x\"","unit":"milliseconds","startValue":0,"endValue":30,"events":[
        {"type":"O","frame":0,"at":0},{"type":"O","frame":1,"at":10},{"type":"C","frame":1,"at":20},{"type":"C","frame":0,"at":30}]}]})",
                                 SourceFormat::kSpeedscope);
    EXPECT_EQ(raw(profile), "a 2\na;b (b.py:3) 1\n");
    EXPECT_EQ(profile.threads[0].os_tid, Tid{5});
    EXPECT_EQ(profile.processes[0].pid, Pid{4});
    EXPECT_EQ(profile.string(profile.threads[0].name), "x");
    EXPECT_EQ(profile.samples[1].start, std::chrono::milliseconds(10));
}

TEST(Speedscope, WhatItIsNotIsRefused) {
    refused("{");
    refused("{}");
    refused("[]");
    EXPECT_NE(refused(R"({"traceEvents":[]})").find("trace"), std::string::npos);
    const auto file = [](const std::string& profile) {
        return R"({"shared":{"frames":[{"name":"a"}]},"profiles":[)" + profile + "]}";
    };
    refused(file(R"({"type":"sampled","unit":"seconds","samples":[[0]],"weights":[]})"));
    refused(file(R"({"type":"sampled","unit":"seconds","samples":[[1]],"weights":[1]})"));
    refused(file(R"({"type":"sampled","unit":"seconds","samples":[[-1]],"weights":[1]})"));
    refused(file(R"({"type":"sampled","unit":"seconds","samples":[["0"]],"weights":[1]})"));
    refused(file(R"({"type":"sampled","unit":"seconds","samples":[[0]],"weights":[-1]})"));
    refused(file(R"({"type":"sampled","unit":"seconds","samples":[[0]],"weights":[1e300]})"));
    refused(file(R"({"type":"sampled","unit":"bytes","samples":[[0]],"weights":[1]})"));
    refused(file(R"({"type":"evented","unit":"seconds","events":[{"type":"C","frame":0,"at":1}]})"));
    refused(file(R"({"type":"other"})"));
    refused(R"({"shared":7,"profiles":{}})");
    refused(std::string(100'000, '['));
}

}  // namespace
}  // namespace lampyr
