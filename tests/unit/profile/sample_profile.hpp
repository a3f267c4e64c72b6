// SPDX-License-Identifier: MIT
#pragma once

#include "profile/builder.hpp"

#include <chrono>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampyr::test {

/// Makes profiles for tests in few words.
class ProfileDraft {
  public:
    explicit ProfileDraft(profile::BuilderOptions options = {}) : builder(options) {}

    ProcessId process(std::int32_t pid, std::string_view command_line = "python app.py") {
        return builder.add_process(Process{.pid = Pid{pid},
                                           .command_line = builder.intern_string(command_line),
                                           .executable = builder.intern_string("/usr/bin/python3.13"),
                                           .python_version = builder.intern_string("3.13.0")});
    }
    ThreadId thread(ProcessId process, std::int32_t tid, std::string_view name = "") {
        return builder.add_thread(Thread{.process = process,
                                         .os_tid = Tid{tid},
                                         .ident = std::uint64_t{0x7f0000000000} + static_cast<std::uint32_t>(tid),
                                         .name = builder.intern_string(name)});
    }
    FrameId frame(std::string_view name, std::string_view file, std::uint32_t line, std::uint32_t first_line = 1,
                  FunctionKind kind = FunctionKind::kProject) {
        const auto slash = file.rfind('/');
        Function function;
        function.name = builder.intern_string(name);
        function.file = builder.intern_string(file);
        function.short_file = builder.intern_string(slash == std::string_view::npos ? file : file.substr(slash + 1));
        function.first_line = first_line;
        function.kind = kind;
        return builder.intern_frame(builder.intern_function(function), line);
    }
    StackId stack(std::initializer_list<FrameId> root_first) {
        StackId at = kEmptyStack;
        for (const FrameId frame : root_first) at = builder.intern_stack(at, frame);
        return at;
    }
    void sample(ThreadId thread, StackId stack, std::int64_t start_ms = 0, std::int64_t weight_ms = 10,
                ThreadState state = ThreadState::kRunning) {
        builder.add_sample(thread, stack, state, std::chrono::milliseconds(start_ms),
                           std::chrono::milliseconds(weight_ms));
    }
    Profile finish(ProfileInfo info = {}) { return std::move(builder).finish(std::move(info)); }

    profile::Builder builder;
};

/// Any profile: few names, so that labels meet; several processes and threads; stacks without frames too.
inline Profile mixed_profile(unsigned seed, bool timeline = false) {
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    ProfileDraft maker({.timeline = timeline});
    std::vector<FrameId> frames;
    for (std::uint32_t i = 0; i < 12; ++i)
        frames.push_back(maker.frame("f" + std::to_string(below(5)),
                                     below(4) == 0 ? "" : "/d" + std::to_string(below(2)) + "/m.py", below(3), below(3),
                                     static_cast<FunctionKind>(below(6))));
    std::vector<ThreadId> threads;
    for (std::int32_t pid = 1; pid <= 2; ++pid) {
        const ProcessId process = maker.process(pid);
        for (std::int32_t tid = 0; tid < 3; ++tid) threads.push_back(maker.thread(process, 10 * pid + tid, "worker"));
    }
    std::int64_t now = 0;
    for (std::uint32_t i = 0; i < 400; ++i) {
        StackId stack = kEmptyStack;
        for (std::uint32_t depth = below(7); depth > 0; --depth)
            stack = maker.builder.intern_stack(stack, frames[below(static_cast<std::uint32_t>(frames.size()))]);
        maker.sample(threads[below(static_cast<std::uint32_t>(threads.size()))], stack, now,
                     1 + static_cast<std::int64_t>(below(4)), static_cast<ThreadState>(below(4)));
        now += static_cast<std::int64_t>(below(5));
    }
    return maker.finish();
}

}  // namespace lampyr::test
