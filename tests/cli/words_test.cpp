// SPDX-License-Identifier: MIT
#include "default_name.hpp"
#include "exit_codes.hpp"
#include "figures.hpp"
#include "progress.hpp"
#include "summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr::tool {
namespace {

using namespace std::chrono_literals;

TEST(Figures, ReadAsAPersonWritesThem) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1'234'567), "1,234,567");
    EXPECT_EQ(format_bytes(999), "999 bytes");
    EXPECT_EQ(format_bytes(999'949), "999.9 kB");
    EXPECT_EQ(format_bytes(999'999), "1.0 MB");
    EXPECT_EQ(format_seconds(0ns), "0.00 s");
    EXPECT_EQ(format_seconds(9'996ms), "10.0 s");
    EXPECT_EQ(format_seconds(75s), "75.0 s");
    EXPECT_EQ(format_seconds(120s), "120 s");
    EXPECT_EQ(format_share(1, 0), "0 %");
    EXPECT_EQ(format_share(1, 10'000), "< 0.1 %");
    EXPECT_EQ(format_rate(100), "100");
    EXPECT_EQ(format_rate(99.81), "99.8");
    EXPECT_EQ(plural(1, "sample"), "1 sample");
}

TEST(DefaultName, IsTheScriptOrTheExecutable) {
    EXPECT_EQ(program_name("/usr/bin/python3 -u app/server.py --port 1"), "server");
    EXPECT_EQ(program_name("python3.12 -W error -X dev -m http.server"), "http.server");
    EXPECT_EQ(program_name("python3 -c print(1)"), "python3");
    EXPECT_EQ(program_name("python3"), "python3");
    EXPECT_EQ(program_name("/usr/sbin/uwsgi --ini x.ini"), "uwsgi");
    EXPECT_EQ(program_name(""), "python");
}

TEST(DefaultName, HoldsNothingAShellOrPathWouldMind) {
    EXPECT_EQ(program_name("python3 a\x1b[31m$(x);y.py"), "a__31m__x__y");
    EXPECT_EQ(program_name("python3 /"), "python3");
    EXPECT_EQ(program_name("x" + std::string(500, 'y')).size(), 40U);
    const std::string name = default_file_name("python3 ../../etc/x.py", Pid{5}, 0, "svg");
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_TRUE(name.starts_with("lampyr-x-5-19")) << name;  // 1970, or 1969 west of Greenwich
}

TEST(ExitCodes, AreThoseOfAWrapper) {
    EXPECT_EQ(exit_code(ErrorCode::kPermission, false), 1);
    EXPECT_EQ(exit_code(ErrorCode::kPermission, true), 125);
    EXPECT_EQ(exit_code(ErrorCode::kProgramNotFound, true), 127);
    EXPECT_EQ(exit_code(ErrorCode::kProgramNotExecutable, true), 126);
    EXPECT_EQ(exit_code(ErrorCode::kUsage, true), 2);
    EXPECT_EQ(exit_code(ExitStatus{.code = 3, .signal = 0}), 3);
    EXPECT_EQ(exit_code(ExitStatus{.code = 0, .signal = 15}), 143);
}

TEST(ProgressStyle, KeepsOutOfAProgramsTerminal) {
    EXPECT_EQ(choose_progress_style(Verbosity::kNormal, true, true, false), ProgressStyle::kLine);
    EXPECT_EQ(choose_progress_style(Verbosity::kNormal, true, true, true), ProgressStyle::kNone);
    EXPECT_EQ(choose_progress_style(Verbosity::kNormal, true, false, false), ProgressStyle::kPlain);
    EXPECT_EQ(choose_progress_style(Verbosity::kNormal, false, false, true), ProgressStyle::kPlain);
    EXPECT_EQ(choose_progress_style(Verbosity::kQuiet, true, true, false), ProgressStyle::kNone);
}

TEST(ProgressText, SaysWhatWasAskedAndGot) {
    SamplerProgress progress;
    progress.elapsed = 12'340ms;
    progress.stacks = 1234;
    progress.rate_got_hz = 99.8;
    progress.threads = 4;
    progress.losses[static_cast<std::size_t>(Loss::kLate)] = 2;
    SamplerOptions options;
    EXPECT_EQ(progress_text(progress, options).find("12.3 s | 1,234 samples | 99.8 of 100 Hz | 4 threads | 2 "), 0U);
    options.duration = 60s;
    EXPECT_TRUE(progress_text(progress, options).starts_with("12.3 / 60.0 s | "));
}

/// A recording of one thread in one function, as good as the test wants it.
struct SummaryTest : testing::Test {
    Recording recording;
    SamplerOptions options;

    SummaryTest() {
        Profile& profile = recording.profile;
        profile.strings = {"", "python3 app.py --password secret", "/usr/bin/python3", "3.13.0", "f\x1b[31m", "app.py"};
        profile.processes = {{Pid{5}, StringId{1}, StringId{2}, StringId{3}}};
        profile.threads = {{ProcessId{0}, Tid{5}, 1, StringId{0}}};
        for (std::uint32_t line = 1; line <= 5; ++line) {
            profile.functions.push_back({StringId{4}, StringId{5}, StringId{5}, line, FunctionKind::kProject});
            profile.frames.push_back({FunctionId{line - 1}, line});
            profile.stacks.push_back({kEmptyStack, FrameId{line - 1}});
            profile.samples.push_back({ThreadId{0}, StackId{line - 1}, ThreadState::kRunning, 200, 2s, 0ns});
        }
        profile.info.stacks = profile.info.ticks = 1000;
        profile.info.rate_asked_hz = profile.info.rate_got_hz = 100;
        profile.info.duration = 10s;
    }

    std::uint64_t& loss(Loss cause) { return recording.profile.info.losses[static_cast<std::size_t>(cause)]; }
    Outcome outcome() const { return {recording, options, Format::kFlamegraph, "a b\x1b.svg", false, 38'200, 0}; }
    std::string said() const {
        std::string all;
        for (const std::string& warning : warnings(outcome())) all += warning + "\n";
        return all;
    }
};

TEST_F(SummaryTest, AGoodRecordingIsNotWarnedAbout) {
    EXPECT_EQ(said(), "");
    loss(Loss::kUnproven) = 50;
    loss(Loss::kLate) = 100;
    EXPECT_EQ(said(), "") << "at the limit";
}

TEST_F(SummaryTest, NoSamplesIsExplained) {
    recording.profile.info.stacks = 0;
    EXPECT_NE(said().find("no Python code ran"), std::string::npos);
    options.gil_only = true;
    EXPECT_NE(said().find("--gil"), std::string::npos);
    recording.idle_stacks = 7;
    EXPECT_NE(said().find("--idle"), std::string::npos);
}

TEST_F(SummaryTest, ARateHeldDownIsExplained) {
    options.max_cpu_share = 0.02;
    recording.profile.info.rate_got_hz = 40;
    recording.lowest_rate_hz = 25;
    recording.own_cpu = 190ms;
    EXPECT_NE(summary_text(outcome(), Verbosity::kNormal).find("40 of 100 Hz, held down by --max-cpu"),
              std::string::npos);
    EXPECT_EQ(said(), "");
    recording.own_cpu = 300ms;
    EXPECT_NE(said().find("lampyr used 3 % of a core, more than the 2 % of --max-cpu"), std::string::npos);
    recording.profile.info.rate_got_hz = 100;
    EXPECT_EQ(summary_text(outcome(), Verbosity::kNormal).find("held down"), std::string::npos);
}

TEST_F(SummaryTest, AnAuditIsOneLine) {
    recording.audit = Audit{.verdict = Audit::Verdict::kAgrees, .stopped_samples = 1234, .largest_difference = 0.0123};
    EXPECT_NE(
        summary_text(outcome(), Verbosity::kNormal).find("audit: agrees within 1.2 points (1,234 stopped samples)\n"),
        std::string::npos);
    EXPECT_EQ(said(), "");
    recording.audit = Audit{.verdict = Audit::Verdict::kBiased,
                            .stopped_samples = 2400,
                            .function = "f\x1b (m.py:1)",
                            .shown = 0.401,
                            .stopped = 0.3,
                            .uncertainty = 0.031};
    EXPECT_EQ(
        said(),
        "audit: biased: `f\\x1b (m.py:1)` is shown with 40.1 %, stopped samples say 30.0 % \u00b1 3.1 (2,400 stopped "
        "samples); use --blocking\n");
    recording.audit = Audit{.verdict = Audit::Verdict::kTooFew, .stopped_samples = 7};
    EXPECT_NE(summary_text(outcome(), Verbosity::kNormal)
                  .find("audit: too few samples to say (7 stopped samples); record longer"),
              std::string::npos);
    EXPECT_NE(summary_json(outcome()).find("too few samples"), std::string::npos);
}

TEST_F(SummaryTest, WhatTheProgramUsedIsTold) {
    recording.profile.info.cpu_time = true;
    recording.cpu.ran = 9s;
    recording.cpu.given = 8'900ms;
    EXPECT_NE(summary_text(outcome(), Verbosity::kNormal).find("program   8.90 s of CPU in samples, 9.00 s used\n"),
              std::string::npos);
    recording.cpu.waited = 2s;
    EXPECT_NE(summary_text(outcome(), Verbosity::kNormal).find("; waited 2.00 s for a CPU\n"), std::string::npos);
    recording.cpu.uncounted_samples = 3;
    EXPECT_NE(said().find("does not count CPU time for 3 of 1,000 samples"), std::string::npos);
}

TEST_F(SummaryTest, FewLateAndUnprovenSamplesAreWarnedAbout) {
    recording.profile.info.stacks = 99;
    EXPECT_NE(said().find("only 99 samples: shares are rough"), std::string::npos);
    recording.idle_stacks = 100;
    EXPECT_NE(said().find("--idle"), std::string::npos);
    recording.profile.info.stacks = 1000;
    loss(Loss::kLate) = 112;
    recording.profile.info.rate_got_hz = 50;
    EXPECT_NE(said().find("-r 40"), std::string::npos);
    loss(Loss::kUnproven) = 51;
    EXPECT_NE(said().find("--blocking"), std::string::npos);
    recording.profile.info.blocking = true;
    EXPECT_EQ(said().find("--blocking"), std::string::npos) << "that is what was done";
}

TEST_F(SummaryTest, TheTextIsShortAndSafeAtItsWorst) {
    loss(Loss::kLate) = 5000;
    loss(Loss::kUnproven) = 500;
    recording.profile.info.blocking = true;
    for (const Verbosity verbosity : {Verbosity::kNormal, Verbosity::kVerbose}) {
        const std::string text = summary_text(outcome(), verbosity);
        EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 12) << text;
        EXPECT_EQ(text.back(), '\n');
        for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << text;
        EXPECT_NE(text.find("20.0 % f\\x1b[31m (app.py:1)"), std::string::npos) << text;
        EXPECT_EQ(text.find("secret"), std::string::npos) << "arguments may hold secrets";
    }
}

TEST_F(SummaryTest, TheNextCommandCanBeTyped) {
    EXPECT_NE(summary_text(outcome(), Verbosity::kNormal).find("xdg-open 'a b\\x1b.svg'"), std::string::npos);
}

TEST_F(SummaryTest, JsonHasFiguresAndNoArguments) {
    const std::string json = summary_json(outcome());
    EXPECT_NE(json.find("\"samples\": 1000"), std::string::npos) << json;
    EXPECT_NE(json.find("\"python_version\": \"3.13.0\""), std::string::npos);
    EXPECT_EQ(json.find("secret"), std::string::npos);
}

TEST_F(SummaryTest, JsonIsValidWhateverTheFileNameIs) {
    Outcome strange = outcome();
    strange.path = "\xff\xfe";
    EXPECT_NE(summary_json(strange).find("\xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace lampyr::tool
