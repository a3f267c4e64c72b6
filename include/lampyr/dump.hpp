// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/target.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lampyr {

enum class DumpLocalKind : std::uint8_t {
    kArgument,
    kLocal,
    kFree,  ///< of an enclosing function
};

/// A variable of a frame and its value as about repr() would show it, cut to a length.
struct DumpLocal {
    std::string name;
    std::string value;
    DumpLocalKind kind = DumpLocalKind::kLocal;
    bool changed = false;  ///< it became another one while it was read
    friend bool operator==(const DumpLocal&, const DumpLocal&) = default;
};

/// One frame in words. Text is UTF-8 with what was not Unicode shown as visible escapes; not yet safe for a terminal.
struct DumpFrame {
    std::string name;        ///< qualified on 3.11+
    std::string file;        ///< as the code object has it
    std::string short_file;  ///< relative to the package root
    std::uint32_t line = 0;  ///< 0: none
    FunctionKind kind = FunctionKind::kProject;
    // What of the source is being run, as `code.co_positions()` says (3.11+, `DumpOptions::positions`).
    std::uint32_t end_line = 0;       ///< 0: not known
    std::int32_t column = -1;         ///< bytes of UTF-8 from the start of `line`; -1: not known
    std::int32_t end_column = -1;     ///< the same in `end_line`, one behind the last; -1: not known
    std::string source{};             ///< `DumpOptions::source`: the line as it is in the file; empty: not known
    std::vector<DumpLocal> locals{};  ///< `DumpOptions::locals`; those that have a value
    bool locals_read = false;         ///< false: not asked for, or the frame was gone or could not be read
    bool machine = false;  ///< `DumpOptions::native`: a function in machine code; `file` is the program or library
};

/// An exception that a thread handles, or one on its way to who handles it.
struct DumpException {
    std::string type;      ///< name of its class
    std::string value;     ///< as about repr() would show it, cut to a length
    bool raised = false;   ///< it is on its way; else it is being handled
    bool changed = false;  ///< it came or became another one while it was read
    friend bool operator==(const DumpException&, const DumpException&) = default;
};

enum class DumpAnswer : std::uint8_t {
    kUnknown,  ///< this Python does not tell
    kNo,
    kPerhaps,  ///< more than one thread comes into question
    kYes,
};

/// How a thread stands to the interpreter (3.13+).
enum class DumpAttachment : std::uint8_t {
    kUnknown,
    kDetached,
    kAttached,   ///< with a GIL: holds it
    kSuspended,  ///< free-threaded: held up, as all are while one collects garbage
};

struct DumpThread {
    Tid os_tid;               ///< 0: not known
    std::uint64_t ident = 0;  ///< pthread_self, as threading.get_ident()
    std::string name;         ///< threading name, may be empty
    bool active = false;      ///< on CPU or runnable
    bool holds_gil = false;
    std::uint64_t interpreter = 0;  ///< 0: main interpreter
    std::vector<DumpFrame> frames;  ///< innermost first
    bool proven = true;             ///< false: the target ran on while it was read and two reads disagreed
    DumpAnswer waits_for_gil = DumpAnswer::kUnknown;     ///< asleep until another lets go of it; 3.7+
    DumpAnswer collects_garbage = DumpAnswer::kUnknown;  ///< runs the collector, or a finaliser for it; 3.7+
    DumpAttachment attachment = DumpAttachment::kUnknown;
    std::vector<DumpException> exceptions{};  ///< innermost first, one on its way before all
};

enum class DumpTaskState : std::uint8_t {
    kRunning,  ///< a thread is in its code
    kReady,    ///< it waits for its turn only, or has not begun
    kWaiting,  ///< for something
};

/// A task of asyncio that is not done.
struct DumpTask {
    std::uint64_t id = 0;  ///< where it is in memory; names may be used twice
    std::string name;
    std::uint64_t interpreter = 0;
    DumpTaskState state = DumpTaskState::kReady;
    std::uint64_t thread = 0;             ///< running: `DumpThread::ident`
    std::string waits_in;                 ///< waiting: the type of what it waits for, as it calls itself
    std::vector<std::size_t> waits_for;   ///< tasks it waits for, by their place in `ProcessDump::tasks`
    std::vector<std::size_t> awaited_by;  ///< tasks that wait for it
    std::vector<DumpFrame> frames;        ///< what it runs, or its coroutine and those awaited; innermost first
    bool proven = true;                   ///< false: it went on while it was read
};

struct ProcessDump {
    Pid pid;
    std::string command_line;
    std::string executable;
    std::string python_version;
    std::vector<DumpThread> threads;                ///< oldest first
    std::vector<DumpTask> tasks{};                  ///< running ones first, then by name; none before 3.11
    bool tasks_whole = true;                        ///< false: there are more, or they could not all be found
    std::chrono::system_clock::time_point taken{};  ///< when the stacks had been read
    bool qualified_names = false;                   ///< the interpreter keeps qualified names (3.11+)
    bool with_locals = false;                       ///< they were asked for
    bool with_source = false;                       ///< it was asked for
    bool from_core = false;  ///< of a core: nothing runs, `active` means nothing, `taken` is when the core was written
};

struct DumpOptions {
    bool blocking = false;   ///< stop the Python threads while reading
    bool native = false;     ///< also machine frames; stops the Python threads for a copy of their stacks
    bool positions = false;  ///< also columns, where the interpreter keeps them
    bool source = false;     ///< also the line of source, of files that have not changed since the process started
    /// Also arguments and variables of functions: 0 none, 1 values in short, 2 at length. They are read over a moment in which
    /// the target runs on, unless `blocking` holds it.
    unsigned locals = 0;
};

/// Every thread's stack, idle ones too. Without `blocking` the target is not stopped; a thread that moved while it was
/// read is read again a few times, then shown with `proven` false.
[[nodiscard]] Result<ProcessDump> dump(Target& target, const DumpOptions& options = {});

/// The same of a core file: every thread as it stood when the core was written. Nothing is stopped, and no source shown.
[[nodiscard]] Result<ProcessDump> dump_core(const std::string& path, const DumpOptions& options = {});

struct DumpTextOptions {
    bool colour = false;
    bool full_filenames = false;
};
/// py-spy's layout, made safe for a terminal.
[[nodiscard]] std::string format_dump(const ProcessDump& dump, const DumpTextOptions& options);

/// One JSON document with all of them, as docs/dump.schema.json describes it. Equal dumps give equal bytes.
[[nodiscard]] std::string format_dumps_json(std::span<const ProcessDump> dumps);

}  // namespace lampyr
