// SPDX-License-Identifier: MIT
#include <lampyr/dump.hpp>

#include "base/utf8.hpp"
#include "unit/base/hostile_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lampyr {
namespace {

ProcessDump example() {
    ProcessDump dump;
    dump.pid = Pid{42};
    dump.command_line = "python run.py";
    dump.executable = "/usr/bin/python3.13";
    dump.python_version = "3.13.0";
    DumpThread main;
    main.os_tid = Tid{42};
    main.name = "MainThread";
    main.active = true;
    main.holds_gil = true;
    main.frames = {{"work", "/srv/app/jobs.py", "app/jobs.py", 31, FunctionKind::kProject},
                   {"(unproven)", "", "", 0, FunctionKind::kMarker},
                   {"<module>", "/srv/run.py", "run.py", 0, FunctionKind::kProject}};
    DumpThread idle;
    idle.ident = 0x7f12;
    idle.holds_gil = true;
    idle.interpreter = 2;
    idle.proven = false;
    idle.frames = {{"wait", "/usr/lib/python3.13/threading.py", "threading.py", 359, FunctionKind::kStandardLibrary}};
    DumpThread bare;
    bare.os_tid = Tid{44};
    bare.name = "native";
    dump.threads = {main, idle, bare};
    return dump;
}

TEST(TextDump, LooksAsDocumented) {
    EXPECT_EQ(format_dump(example(), {}),
              "Process 42: python run.py\n"
              "Python v3.13.0 (/usr/bin/python3.13)\n"
              "\n"
              "Thread 42 (active+gil): \"MainThread\"\n"
              "    work (app/jobs.py:31)\n"
              "    (unproven)\n"
              "    <module> (run.py)\n"
              "Thread 0x7f12 (idle+gil) interpreter 2\n"
              "    (stack moved while it was read)\n"
              "    wait (threading.py:359)\n"
              "Thread 44 (idle): \"native\"\n"
              "    (no Python frames)\n");
    const std::string full = format_dump(example(), {.full_filenames = true});
    EXPECT_NE(full.find("    work (/srv/app/jobs.py:31)\n"), std::string::npos);
}

TEST(TextDump, WhatAThreadDoesStandsAtItsHead) {
    ProcessDump dump = example();
    dump.threads.resize(2);
    dump.threads[0].frames.resize(1);
    dump.threads[0].collects_garbage = DumpAnswer::kYes;
    dump.threads[0].exceptions = {{"KeyError", "KeyError(1)", true, false}, {"Oops", "Oops('bad')", false, true}};
    dump.threads[1].holds_gil = false;
    dump.threads[1].waits_for_gil = DumpAnswer::kYes;
    dump.threads[1].attachment = DumpAttachment::kSuspended;
    dump.threads[1].collects_garbage = DumpAnswer::kNo;
    const std::string text = format_dump(dump, {});
    EXPECT_EQ(text.substr(text.find("Thread")),
              "Thread 42 (active+gil, collecting garbage): \"MainThread\"\n"
              "  raising KeyError(1)\n"
              "  handling Oops('bad') (changed while it was read)\n"
              "    work (app/jobs.py:31)\n"
              "Thread 0x7f12 (idle, waiting for the GIL, suspended) interpreter 2\n"
              "    (stack moved while it was read)\n"
              "    wait (threading.py:359)\n");
    dump.threads[0].collects_garbage = dump.threads[1].collects_garbage = DumpAnswer::kPerhaps;
    const std::string unsure = format_dump(dump, {});
    EXPECT_NE(unsure.find(")\nGarbage is being collected; by which thread cannot be told\n\nThread 42 (active+gil): "),
              std::string::npos);
}

TEST(TextDump, TasksSayWhatTheyWaitForAndWhoWaitsForThem) {
    ProcessDump dump = example();
    dump.tasks.resize(12);
    for (std::size_t i = 0; i < dump.tasks.size(); ++i) {
        dump.tasks[i].name = "t" + std::to_string(i);
        if (i < 2) continue;
        dump.tasks[i].awaited_by = {1};
        dump.tasks[1].waits_for.push_back(i);
    }
    dump.tasks[0].state = DumpTaskState::kRunning;
    dump.tasks[1].state = DumpTaskState::kWaiting;
    dump.tasks[1].frames = {{"main", "/srv/run.py", "run.py", 8, FunctionKind::kProject}};
    dump.tasks[2].state = DumpTaskState::kWaiting;
    dump.tasks[2].waits_in = "_asyncio.Future";
    dump.tasks[3].interpreter = 2;
    dump.tasks[3].proven = false;
    dump.tasks_whole = false;
    const std::string text = format_dump(dump, {});
    EXPECT_NE(text.find("Task \"t0\" (running)\n    (no Python frames)\n"
                        "Task \"t1\" (waiting for task \"t2\", task \"t3\", task \"t4\", task \"t5\", task \"t6\", "
                        "task \"t7\", task \"t8\", task \"t9\" and 2 more)\n    main (run.py:8)\n"
                        "Task \"t2\" (waiting for a Future), awaited by task \"t1\"\n    (no Python frames)\n"
                        "Task \"t3\" (ready) interpreter 2, awaited by task \"t1\"\n"
                        "    (task went on while it was read)\n"),
              std::string::npos)
        << text;
    EXPECT_TRUE(text.ends_with("(not all tasks could be listed)\n"));
}

TEST(TextDump, VariablesStandUnderTheirFrame) {
    ProcessDump dump = example();
    dump.with_locals = true;
    dump.threads.resize(1);
    DumpFrame& work = dump.threads[0].frames[0];
    work.locals_read = true;
    work.locals = {{"outer", "1", DumpLocalKind::kFree, false},
                   {"self", "<Job at 0x7f12>", DumpLocalKind::kArgument, false},
                   {"total", "7", DumpLocalKind::kLocal, true}};
    EXPECT_EQ(format_dump(dump, {}).substr(format_dump(dump, {}).find("Thread")),
              "Thread 42 (active+gil): \"MainThread\"\n"
              "    work (app/jobs.py:31)\n"
              "        Arguments:\n"
              "            self: <Job at 0x7f12>\n"
              "        Locals:\n"
              "            outer: 1\n"
              "            total: 7 (changed while it was read)\n"
              "    (unproven)\n"
              "    <module> (run.py)\n"
              "        (variables could not be read)\n");
}

TEST(TextDump, SourceIsUnderlinedWhereItRuns) {
    ProcessDump dump = example();
    dump.threads.resize(1);
    dump.threads[0].frames.resize(1);
    DumpFrame& work = dump.threads[0].frames[0];
    const auto shown = [&] {
        const std::string text = format_dump(dump, {});
        return text.substr(text.find(":31)\n") + 5);
    };
    work.source = "\t  x = f(\xce\xb1, g(1))";  // columns count bytes
    EXPECT_EQ(shown(), "        x = f(\xce\xb1, g(1))\n");
    work.end_line = 31;
    work.column = 13;
    work.end_column = 17;
    EXPECT_EQ(shown(),
              "        x = f(\xce\xb1, g(1))\n"
              "                 ^^^^\n");
    work.end_line = 33;  // to the end of the line
    work.end_column = 2;
    EXPECT_EQ(shown(),
              "        x = f(\xce\xb1, g(1))\n"
              "                 ^^^^^\n");
    for (const auto& [begin, end] : {std::pair{-1, 4}, {4, -1}, {7, 7}, {9, 5}, {0, 5}, {5, 100}, {2147483647, 3}}) {
        work.end_line = 31;
        work.column = begin;
        work.end_column = end;
        EXPECT_EQ(shown(), "        x = f(\xce\xb1, g(1))\n") << begin << ' ' << end;
    }
    work.source = " \t ";
    EXPECT_EQ(shown(), "");
}

TEST(TextDump, ColoursChangeNoWord) {
    std::string coloured = format_dump(example(), {.colour = true});
    EXPECT_NE(coloured.find("\x1b[32mwork\x1b[0m (\x1b[36mapp/jobs.py\x1b[0m\x1b[2m:31\x1b[0m)"), std::string::npos);
    for (auto start = coloured.find('\x1b'); start != std::string::npos; start = coloured.find('\x1b'))
        coloured.erase(start, coloured.find('m', start) + 1 - start);
    EXPECT_EQ(coloured, format_dump(example(), {}));
}

TEST(TextDump, NothingOfTheTargetActs) {
    for (const std::string& text : test::hostile_texts()) {
        ProcessDump dump = example();
        dump.command_line = dump.executable = dump.python_version = text;
        dump.threads[0].name = text;
        dump.threads[0].frames[0] = {text, text, text, 1, FunctionKind::kProject};
        dump.threads[0].frames[0].locals = {{text, text}};
        dump.threads[0].frames[0].source = "x" + text;
        dump.threads[0].frames[0].locals_read = dump.with_locals = true;
        const std::string shown = format_dump(dump, {});
        EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 17);
        EXPECT_TRUE(base::is_valid_utf8(shown));
        EXPECT_TRUE(std::none_of(shown.begin(), shown.end(), [](char c) {
            return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == '\x7f');
        }));
        EXPECT_EQ(shown.find("\xe2\x80\xae"), std::string::npos);
    }
}

}  // namespace
}  // namespace lampyr
