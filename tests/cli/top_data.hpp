// SPDX-License-Identifier: MIT
#pragma once

#include "top/live_profile.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lampyr::tool {

/// A small recording, handed on piece by piece as a sampler would.
class TopData {
  public:
    TopData() {
        process(100, "python3 app.py");
        thread(0, 101, "MainThread");
    }

    void process(std::int32_t pid, const std::string& command_line) {
        processes_.push_back({Pid(pid), text(command_line), text("/usr/bin/python3"), text("3.13.0")});
    }
    ThreadId thread(std::uint32_t process, std::int32_t tid, const std::string& name) {
        const ThreadId row(next_thread_++);
        threads_.push_back({row, {ProcessId(process), Tid(tid), 0x1000U + row.value, text(name)}});
        return row;
    }
    FrameId frame(const std::string& name, std::uint32_t line, const std::string& file = "app.py",
                  std::uint32_t first_line = 1) {
        // A function is told by its name here; its lines are frames.
        std::uint32_t function = 0;
        while (function < names_.size() && names_[function] != name) ++function;
        if (function == names_.size()) {
            names_.push_back(name);
            functions_.push_back({text(name), text("/src/" + file), text(file), first_line, FunctionKind::kProject});
        }
        frames_.push_back({FunctionId(function), line});
        return FrameId(next_frame_++);
    }
    StackId stack(StackId parent, FrameId frame) {
        stacks_.push_back({parent, frame});
        return StackId(next_stack_++);
    }
    /// The number of the row.
    std::uint64_t sample(ThreadId thread, StackId stack, int milliseconds) {
        samples_.push_back({thread, stack, ThreadState::kRunning, 1, std::chrono::milliseconds(milliseconds), {}});
        return next_row_++;
    }
    void grow(std::uint64_t row, std::int64_t count, int milliseconds, std::optional<StackId> stack = {}) {
        grown_.push_back({row, count, std::chrono::milliseconds(milliseconds), stack});
    }
    void settled(std::uint64_t row) { settled_.push_back(row); }

    /// Hands on what has gathered; the recording is that old then.
    void cut(LiveProfile& live, int milliseconds) {
        info_.duration = std::chrono::milliseconds(milliseconds);
        live.add({.info = info_,
                  .strings = strings_,
                  .functions = functions_,
                  .frames = frames_,
                  .stacks = stacks_,
                  .processes = processes_,
                  .threads = threads_,
                  .samples = samples_,
                  .grown = grown_,
                  .settled = settled_});
        strings_.clear(), functions_.clear(), frames_.clear(), stacks_.clear(), processes_.clear(), threads_.clear();
        samples_.clear(), grown_.clear(), settled_.clear();
    }

  private:
    StringId text(const std::string& value) {
        strings_.push_back(value);
        return StringId(next_string_++);
    }
    ProfileInfo info_;
    std::vector<std::string> strings_, names_;
    std::vector<Function> functions_;
    std::vector<Frame> frames_;
    std::vector<StackNode> stacks_;
    std::vector<Process> processes_;
    std::vector<ThreadUpdate> threads_;
    std::vector<Sample> samples_;
    std::vector<SampleGrowth> grown_;
    std::vector<std::uint64_t> settled_;
    std::uint32_t next_string_ = 0, next_frame_ = 0, next_stack_ = 0, next_thread_ = 0;
    std::uint64_t next_row_ = 0;
};

}  // namespace lampyr::tool
