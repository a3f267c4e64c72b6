// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/ids.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr {

/// Where a function's code comes from. Decides its colour in pictures; never affects what is counted.
enum class FunctionKind : std::uint8_t {
    kProject,          ///< the user's own files
    kSitePackages,     ///< installed packages (site-packages, dist-packages)
    kStandardLibrary,  ///< below the interpreter's lib/pythonX.Y
    kNative,           ///< C, C++, Rust code
    kInterpreter,      ///< frozen modules, <string>, import machinery, GC
    kMarker,  ///< not code: `(unproven)`, `(unreadable frame)`, `(… frames elided)`, thread and process roots
};

/// A function, identified by (name, file, first line). `name` is the qualified name where the interpreter has one (3.11+).
/// `file` is the path the code object holds, unshortened; `short_file` is relative to the package root as py-spy shows it.
struct Function {
    StringId name;
    StringId file;
    StringId short_file;
    std::uint32_t first_line = 0;  ///< 0: unknown
    FunctionKind kind = FunctionKind::kProject;
};

/// A function at a line. `line` 0: the interpreter itself has no line for this instruction, or lines were not asked for.
struct Frame {
    FunctionId function;
    std::uint32_t line = 0;
};

/// A stack is a path in a tree: its innermost frame and the stack below. Parents have smaller ids than children.
struct StackNode {
    StackId parent;  ///< kEmptyStack for an outermost frame
    FrameId frame;
};

/// One interpreter thread of one process, for as long as it was seen.
struct Thread {
    ProcessId process;
    Tid os_tid;               ///< 0: not known
    std::uint64_t ident = 0;  ///< threading.get_ident() (pthread_self)
    StringId name;            ///< threading name, else empty
};

struct Process {
    Pid pid;
    StringId command_line;    ///< arguments joined by spaces
    StringId executable;      ///< path of the executable
    StringId python_version;  ///< "3.13.0", with "t" appended for a free-threaded build
};

/// What the thread was doing when its stack was read.
enum class ThreadState : std::uint8_t {
    kRunning,     ///< on CPU (or runnable)
    kRunningGil,  ///< on CPU and holding the GIL
    kIdle,        ///< blocked in the kernel, or stopped
    kUnknown,     ///< the kernel did not say
};

/// A stack counted for a thread: `count` sweeps saw it, standing for `weight` of time: CPU time of the thread
/// (`ProfileInfo::cpu_time`), else time on the wall. Shares are drawn from weights. A thread that waits for a CPU is seen
/// but stands for none. Without a timeline, equal (thread, stack, state) are one row; with one
/// (`SamplerOptions::timeline`) rows are in time order, neighbours merged.
struct Sample {
    ThreadId thread;
    StackId stack;
    ThreadState state = ThreadState::kUnknown;
    std::uint64_t count = 0;
    std::chrono::nanoseconds weight{0};
    std::chrono::nanoseconds start{0};  ///< since sampling began; meaningful with a timeline only
};

/// Why a sample (or part of one) is less than a proven stack. Every loss has a cause and a count.
enum class Loss : std::uint8_t {
    kUnproven,      ///< kept; a `(unproven)` frame marks where the proof ends
    kMispredicted,  ///< kept; read by a second call because the stack moved
    kLate,          ///< ticks skipped because the previous one took too long
    kUnreadable,    ///< thread's stack could not be read this time
    kElided,        ///< kept; frames in the middle left out of a stack deeper than the limit
    kBadFrame,      ///< kept; a frame whose code object could not be decoded, shown as `(unreadable frame)`
    kReusedCode,    ///< kept; a code object was freed while its name was in use, frame shown as `(reused code)`
    kNativeCut,  ///< kept; machine frames could not be followed to the end, `(native frames lost)` stands for the rest
    kNativeUnmatched,  ///< kept, Python frames only; machine frames could not be read, or do not agree with them
    kTaskUnknown,      ///< kept; runs a coroutine of a task that was not found, `(task unknown)` stands for it
};
inline constexpr std::size_t kLossCount = 10;
[[nodiscard]] std::string_view to_string(Loss loss);

/// Where a recording was made. Empty and 0: not known.
struct Host {
    std::string name{};
    std::string kernel{};   ///< "Linux 6.1.0"
    std::string machine{};  ///< "x86_64"
    std::uint32_t processors = 0;
};

/// Facts of the recording as a whole; printed by every format that has a place for them.
struct ProfileInfo {
    std::string lampyr_version{};
    double rate_asked_hz = 0;
    double rate_got_hz = 0;
    std::chrono::nanoseconds duration{0};
    std::chrono::nanoseconds interval{0};          ///< mean interval asked for
    std::chrono::nanoseconds longest_interval{0};  ///< mean interval while the rate was lowest; 0: as `interval`
    std::uint64_t ticks = 0;                       ///< sweeps over all threads
    std::uint64_t stacks = 0;                      ///< thread stacks counted (the sum of Sample::count)
    std::array<std::uint64_t, kLossCount> losses{};
    bool idle_included = false;
    bool gil_only = false;
    bool blocking = false;
    bool native = false;                       ///< stacks hold machine frames, too
    bool tasks = false;                        ///< stacks hold the tasks of asyncio, too
    bool cpu_time = false;                     ///< weights are CPU time
    bool timeline = false;                     ///< rows are in time order; set by the builder
    std::chrono::nanoseconds started_unix{0};  ///< when sampling began, since 1970; 0: not known
    Host host{};
};

/// A finished recording: immutable tables. Ids index the vectors. Ownership is plain: copy or move the whole.
struct Profile {
    ProfileInfo info;
    std::vector<std::string> strings;  ///< UTF-8; what was not valid Unicode is already a visible escape
    std::vector<Function> functions;
    std::vector<Frame> frames;
    std::vector<StackNode> stacks;
    std::vector<Process> processes;
    std::vector<Thread> threads;
    std::vector<Sample> samples;

    [[nodiscard]] const std::string& string(StringId id) const { return strings[id.value]; }
    [[nodiscard]] const Function& function(FrameId id) const { return functions[frames[id.value].function.value]; }
};

}  // namespace lampyr
