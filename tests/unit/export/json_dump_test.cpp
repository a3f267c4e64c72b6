// SPDX-License-Identifier: MIT
#include <lampyr/dump.hpp>

#include "base/utf8.hpp"
#include "unit/base/hostile_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace lampyr {
namespace {

ProcessDump example() {
    ProcessDump dump;
    dump.pid = Pid{42};
    dump.command_line = "python run.py";
    dump.executable = "/usr/bin/python3.13";
    dump.python_version = "3.13.0";
    dump.qualified_names = true;
    dump.taken = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'764'115'200'042));
    DumpThread main;
    main.os_tid = Tid{42};
    main.ident = 0x7f12;
    main.name = "MainThread";
    main.active = true;
    main.holds_gil = true;
    main.waits_for_gil = DumpAnswer::kNo;
    main.collects_garbage = DumpAnswer::kYes;
    main.attachment = DumpAttachment::kAttached;
    main.exceptions = {{"KeyError", "KeyError(1)", true, false}, {"Oops", "Oops('bad')", false, true}};
    main.frames = {
        {"Job.work.<locals>.<lambda>", "/srv/app/jobs.py", "app/jobs.py", 31, FunctionKind::kProject, 32, 4, 9},
        {"(unproven)", "", "", 0, FunctionKind::kMarker}};
    DumpThread bare;
    bare.interpreter = 2;
    bare.proven = false;
    dump.threads = {main, bare};
    return dump;
}

TEST(JsonDump, LooksAsDocumented) {
    EXPECT_EQ(
        format_dumps_json(std::array{example()}),
        R"({"format":"lampyr-dump","version":1,"processes":[{"pid":42,"time":"2025-11-26T00:00:00.042Z",)"
        R"("command_line":"python run.py","executable":"/usr/bin/python3.13","python_version":"3.13.0","threads":[)"
        R"({"os_thread_id":42,"thread_id":32530,"name":"MainThread","interpreter":0,"state":"active",)"
        R"("holds_gil":true,"waits_for_gil":false,"collects_garbage":"yes","attachment":"attached","proven":true,)"
        R"-("exceptions":[{"type":"KeyError","value":"KeyError(1)","raised":true,"changed":false},)-"
        R"-({"type":"Oops","value":"Oops('bad')","raised":false,"changed":true}],"frames":[)-"
        R"({"function":"\u003clambda>","qualified_name":"Job.work.\u003clocals>.\u003clambda>",)"
        R"("file":"/srv/app/jobs.py","short_file":"app/jobs.py","line":31,"end_line":32,"column":4,"end_column":9,)"
        R"("kind":"project"},)"
        R"-({"function":"(unproven)","qualified_name":null,"file":null,"short_file":null,"line":null,)-"
        R"("end_line":null,"column":null,"end_column":null,"kind":"marker"}]},)"
        R"({"os_thread_id":null,"thread_id":0,"name":null,"interpreter":2,"state":"idle","holds_gil":false,)"
        R"("waits_for_gil":null,"collects_garbage":null,"attachment":null,"proven":false,"exceptions":[],"frames":[]}],"tasks":[],"tasks_whole":true}]})"
        "\n");
    EXPECT_EQ(format_dumps_json({}), "{\"format\":\"lampyr-dump\",\"version\":1,\"processes\":[]}\n");
}

TEST(JsonDump, TasksNameEachOtherById) {
    ProcessDump dump = example();
    DumpTask main, worker;
    main.id = 4096;
    main.name = "main";
    main.state = DumpTaskState::kWaiting;
    main.waits_in = "_asyncio.Task";
    main.waits_for = {1};
    worker.id = 8192;
    worker.name = "worker";
    worker.state = DumpTaskState::kRunning;
    worker.thread = 32530;
    worker.awaited_by = {0};
    worker.proven = false;
    worker.frames = {{"(unproven)", "", "", 0, FunctionKind::kMarker}};
    dump.tasks = {main, worker};
    dump.tasks_whole = false;
    const std::string text = format_dumps_json(std::array{dump});
    EXPECT_NE(text.find(R"("tasks":[{"id":4096,"name":"main","interpreter":0,"state":"waiting","thread_id":null,)"
                        R"("waits_in":"_asyncio.Task","waits_for":[8192],"awaited_by":[],"proven":true,"frames":[]},)"
                        R"({"id":8192,"name":"worker","interpreter":0,"state":"running","thread_id":32530,)"
                        R"("waits_in":null,"waits_for":[],"awaited_by":[4096],"proven":false,)"
                        R"-("frames":[{"function":"(unproven)")-"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(R"("tasks_whole":false)"), std::string::npos);
}

TEST(JsonDump, VariablesAreThereWhenAskedFor) {
    ProcessDump dump = example();
    dump.with_locals = true;
    dump.threads[0].frames[0].locals_read = true;
    dump.threads[0].frames[0].locals = {{"x", "[1]", DumpLocalKind::kArgument, true}};
    const std::string text = format_dumps_json(std::array{dump});
    EXPECT_NE(text.find(R"("locals":[{"name":"x","kind":"argument","value":"[1]","changed":true}])"),
              std::string::npos);
    EXPECT_NE(text.find(R"("kind":"marker","locals":null)"), std::string::npos);
}

TEST(JsonDump, BeforeQualifiedNamesThereIsOneName) {
    ProcessDump dump = example();
    dump.qualified_names = false;
    dump.threads[0].frames[0].name = "work.odd";  // a name may hold anything
    const std::string text = format_dumps_json(std::array{dump});
    EXPECT_NE(text.find(R"("function":"work.odd","qualified_name":null)"), std::string::npos);
}

TEST(JsonDump, NothingOfTheTargetActs) {
    for (const std::string& hostile : test::hostile_texts()) {
        ProcessDump dump = example();
        dump.command_line = dump.executable = dump.python_version = hostile;
        dump.threads[0].name = hostile;
        dump.threads[0].exceptions[0].type = dump.threads[0].exceptions[1].value = hostile;
        dump.tasks.resize(1);
        dump.tasks[0].name = dump.tasks[0].waits_in = hostile;
        dump.threads[0].frames[0].name = dump.threads[0].frames[0].file = hostile;
        const std::string text = format_dumps_json(std::array{dump, dump});
        EXPECT_TRUE(base::is_valid_utf8(text));
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
        EXPECT_TRUE(std::none_of(text.begin(), text.end() - 1,
                                 [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }));
    }
}

}  // namespace
}  // namespace lampyr
