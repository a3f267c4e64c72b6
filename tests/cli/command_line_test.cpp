// SPDX-License-Identifier: MIT
#include "cli.hpp"

#include <gtest/gtest.h>

namespace lampyr::tool {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

RecordArgs record_args(Words words) {
    words.insert(words.begin(), "record");
    Result<Command> command = parse_command_line(std::move(words));
    EXPECT_TRUE(command) << to_string(command.error());
    return command ? std::get<RecordArgs>(*command) : RecordArgs{};
}

TEST(CommandLine, DefaultsOfRecord) {
    const RecordArgs args = record_args({"-p", "12"});
    EXPECT_EQ(args.pids, std::vector{Pid{12}});
    EXPECT_FALSE(args.spawns());
    EXPECT_EQ(args.format, Format::kFlamegraph);
    EXPECT_EQ(args.sampling.rate_hz, 100);
    EXPECT_FALSE(args.sampling.duration);
    EXPECT_FALSE(args.sampling.blocking || args.sampling.include_idle || args.sampling.gil_only ||
                 args.sampling.native || args.sampling.tasks || args.sampling.timeline);
    EXPECT_EQ(args.exporting.lines, Lines::kLine);
    EXPECT_EQ(args.verbosity, Verbosity::kNormal);
}

TEST(CommandLine, EveryOptionOfRecord) {
    const RecordArgs args =
        record_args({"-tigFvn", "--async", "--blocking", "--full-filenames", "-r250", "--duration=1.5", "-o", "x.json",
                     "-p", "0x10", "--pid", "17", "--pid=16", "--summary-json", "s.json", "--color=never"});
    EXPECT_EQ(args.pids, (std::vector{Pid{16}, Pid{17}})) << "each once, in the order given";
    EXPECT_EQ(args.format, Format::kSpeedscope);
    EXPECT_TRUE(args.sampling.timeline) << "speedscope shows time";
    EXPECT_TRUE(args.sampling.native && args.sampling.tasks && args.sampling.blocking);
    EXPECT_TRUE(args.sampling.include_idle && args.sampling.gil_only);
    EXPECT_EQ(args.sampling.rate_hz, 250);
    EXPECT_EQ(args.sampling.duration, 1500ms);
    EXPECT_EQ(args.exporting.lines, Lines::kFunction);
    EXPECT_TRUE(args.exporting.threads && args.exporting.full_filenames && args.exporting.processes);
    EXPECT_EQ(args.summary_json, "s.json");
    EXPECT_EQ(args.verbosity, Verbosity::kVerbose);
    EXPECT_EQ(args.colour, ColourChoice::kNever);
}

TEST(CommandLine, TheProgramBeginsAtTheDashes) {
    EXPECT_EQ(record_args({"-r", "10", "--", "-odd", "--pid", "1"}).program, (Words{"-odd", "--pid", "1"}));
}

TEST(CommandLine, TheProgramBeginsAtTheFirstWordThatIsNoValue) {
    const RecordArgs args =
        record_args({"-to", "x.svg", "-f", "raw", "--rate", "10", "python3", "-r", "a.py", "--", "-o"});
    EXPECT_EQ(args.program, (Words{"python3", "-r", "a.py", "--", "-o"}));
    EXPECT_EQ(args.output, "x.svg");
    EXPECT_EQ(args.sampling.rate_hz, 10);
    EXPECT_TRUE(args.exporting.threads);
}

TEST(CommandLine, ASingleDashIsAValue) { EXPECT_EQ(record_args({"-o", "-", "-p", "1"}).output, "-"); }

TEST(CommandLine, TheLastOfAnOptionCounts) {
    EXPECT_EQ(record_args({"-p", "1", "-r", "10", "-r", "20", "-t", "-t"}).sampling.rate_hz, 20);
}

TEST(CommandLine, OnlyAStrangeExtensionIsWarnedAbout) {
    EXPECT_TRUE(record_args({"-p", "1", "-o", "a.b/x.html"}).format_guessed_wrongly);
    EXPECT_FALSE(record_args({"-p", "1", "-o", "a.b/profile"}).format_guessed_wrongly);
    EXPECT_FALSE(record_args({"-p", "1", "-o", ".profile"}).format_guessed_wrongly);
    EXPECT_FALSE(record_args({"-p", "1", "-o", "x.html", "-f", "raw"}).format_guessed_wrongly);
    EXPECT_FALSE(record_args({"-p", "1"}).format_guessed_wrongly);
}

TEST(CommandLine, CommandsMayBeShortened) {
    for (const char* name : {"d", "du", "dump"}) {
        const Result<Command> command = parse_command_line({name, "-p", "5"});
        ASSERT_TRUE(command);
        EXPECT_EQ(std::get<DumpArgs>(*command).pid, Pid{5});
    }
    EXPECT_FALSE(parse_command_line({"", "-p", "5"}));
    EXPECT_FALSE(parse_command_line({"recorder", "-p", "5"}));
}

TEST(CommandLine, DumpAsJsonAsksForColumns) {
    const Result<Command> text = parse_command_line({"dump", "-p", "5"});
    ASSERT_TRUE(text);
    EXPECT_FALSE(std::get<DumpArgs>(*text).json || std::get<DumpArgs>(*text).reading.positions);
    for (const char* name : {"-j", "--json"}) {
        const Result<Command> json = parse_command_line({"dump", "-p", "5", name});
        ASSERT_TRUE(json);
        EXPECT_TRUE(std::get<DumpArgs>(*json).json && std::get<DumpArgs>(*json).reading.positions);
    }
}

TEST(CommandLine, ACoreTakesThePlaceOfAProcess) {
    const Result<Command> core = parse_command_line({"dump", "-c", "core.5", "-l"});
    ASSERT_TRUE(core);
    EXPECT_EQ(std::get<DumpArgs>(*core).core, "core.5");
    for (const char* name : {"-p5", "--subprocesses", "--blocking", "--source"}) {
        const Result<Command> both = parse_command_line({"dump", "-c", "core.5", name});
        ASSERT_FALSE(both);
        EXPECT_EQ(both.error().code, ErrorCode::kUsage);
    }
}

TEST(CommandLine, LocalsMayBeAskedForTwice) {
    const auto locals = [](Words words) {
        return std::get<DumpArgs>(*parse_command_line(std::move(words))).reading.locals;
    };
    EXPECT_EQ(locals({"dump", "-p", "5"}), 0U);
    EXPECT_EQ(locals({"dump", "-p", "5", "--locals"}), 1U);
    EXPECT_EQ(locals({"dump", "-llp", "5"}), 2U);
    EXPECT_EQ(locals({"dump", "-llllj", "-p", "5"}), 2U);
}

TEST(CommandLine, NothingThrowsWhateverIsTyped) {
    for (const Words& words : std::vector<Words>{{"record", "-"},
                                                 {"record", "---"},
                                                 {"record", "-p="},
                                                 {"record", "--="},
                                                 {"record", "-p", ""},
                                                 {"record", "\xff", "-p"},
                                                 {"dump", "--pid="},
                                                 {"record", "--quiet=maybe", "-p", "1"},
                                                 {"-"},
                                                 {"--"},
                                                 {"record", ""}}) {
        const Result<Command> command = parse_command_line(words);
        EXPECT_TRUE(command || command.error().code == ErrorCode::kUsage);
    }
}

}  // namespace
}  // namespace lampyr::tool
