// SPDX-License-Identifier: MIT
#pragma once

#include "profile/frame_table.hpp"
#include "profile/function_table.hpp"
#include "profile/sample_table.hpp"
#include "profile/stack_table.hpp"
#include "profile/string_table.hpp"

#include <lampyr/profile.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::profile {

struct BuilderOptions {
    bool timeline = false;                  ///< keep samples in time order
    bool stream = false;                    ///< timeline: rows are handed on while recording, and then only counted
    std::chrono::nanoseconds merge_gap{0};  ///< timeline: a hole this long between equal stacks is bridged
    /// A target can make new stacks without end; beyond this many nodes (2.7 GB) a stack that is not known yet is
    /// counted as `(stack table full)`.
    std::uint32_t max_stack_nodes = 1U << 26;
};

/// Fills the tables of a Profile while sampling runs. One owner, one thread. What exists already is found without an
/// allocation: intern_stack, intern_frame and add_sample are safe in the sampling loop.
class Builder {
  public:
    explicit Builder(BuilderOptions options = {});

    [[nodiscard]] StringId intern_string(std::string_view text) { return strings_.intern(text); }
    [[nodiscard]] FunctionId intern_function(const Function& function) { return functions_.intern(function); }
    [[nodiscard]] FrameId intern_frame(FunctionId function, std::uint32_t line) {
        return frames_.intern(function, line);
    }
    /// The stack of `frame` called from `parent` (kEmptyStack for the outermost frame).
    [[nodiscard]] StackId intern_stack(StackId parent, FrameId frame) {
        if (const auto found = stacks_.find(parent, frame)) [[likely]]
            return *found;
        return add_stack(parent, frame);
    }
    /// A frame that is no code, such as `(unproven)`.
    [[nodiscard]] FrameId intern_marker(std::string_view name);

    [[nodiscard]] ProcessId add_process(const Process& process);
    [[nodiscard]] ThreadId add_thread(const Thread& thread);
    void rename_thread(ThreadId thread, StringId name) { threads_[thread.value].name = name; }
    void set_thread_tid(ThreadId thread, Tid tid) { threads_[thread.value].os_tid = tid; }

    /// One sweep saw the thread with this stack, at `start`; it stands for the `span` of real time from there and counts
    /// for `weight`. With a timeline, a thread's samples come in time order. The row is good until `finish`.
    SampleId add_sample(ThreadId thread, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                        std::chrono::nanoseconds span, std::chrono::nanoseconds weight) {
        return SampleId{samples_.add(thread, stack, state, start, span, weight)};
    }
    /// A sample that counts for its whole span.
    SampleId add_sample(ThreadId thread, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                        std::chrono::nanoseconds span) {
        return add_sample(thread, stack, state, start, span, span);
    }
    [[nodiscard]] const Sample& sample(SampleId row) const { return samples_.row(row.value); }
    /// What a row holds beyond `count` samples and `weight` turns out to be of another stack. Returns the row it goes to.
    SampleId set_apart(SampleId row, std::uint64_t count, std::chrono::nanoseconds weight, StackId stack) {
        return SampleId{samples_.set_apart(row.value, count, weight, stack)};
    }
    [[nodiscard]] const StackNode& stack(StackId id) const { return stacks_.row(id); }
    [[nodiscard]] FunctionId function_of(FrameId frame) const { return frames_.row(frame).function; }
    /// What a sample counts for may be known only later.
    void add_weight(SampleId row, std::chrono::nanoseconds weight) { samples_.add_weight(row.value, weight); }

    /// For a rate that changes; `BuilderOptions::merge_gap`.
    void set_merge_gap(std::chrono::nanoseconds gap) { samples_.set_merge_gap(gap); }

    [[nodiscard]] std::string_view string(StringId id) const { return strings_.text(id); }
    [[nodiscard]] const Thread& thread(ThreadId id) const { return threads_[id.value]; }
    [[nodiscard]] std::uint64_t samples_added() const noexcept { return samples_.total_count(); }
    [[nodiscard]] std::size_t stack_nodes() const noexcept { return stacks_.size(); }
    [[nodiscard]] std::size_t stack_bytes() const noexcept { return stacks_.bytes(); }

    /// The tables as they stand; valid until something is added.
    struct Tables {
        std::span<const std::string> strings;
        std::span<const Function> functions;
        std::span<const Frame> frames;
        std::span<const StackNode> stacks;
        std::span<const Process> processes;
        std::span<const Thread> threads;
    };
    [[nodiscard]] Tables tables() const {
        return {strings_.rows(), functions_.rows(), frames_.rows(), stacks_.rows(), processes_, threads_};
    }
    /// With BuilderOptions::stream, for handing samples on while recording: see SampleTable.
    [[nodiscard]] SampleStream::Cut cut_samples() { return samples_.cut(); }
    void settle_samples(std::span<const SampleId> used) { samples_.settle(used); }

    /// The finished tables. `info.stacks` is set to the samples added; the rest of `info` is the caller's.
    [[nodiscard]] Profile finish(ProfileInfo info) &&;

  private:
    [[nodiscard]] StackId add_stack(StackId parent, FrameId frame);

    BuilderOptions options_;
    StringTable strings_;
    FunctionTable functions_;
    FrameTable frames_;
    StackTable stacks_;
    SampleTable samples_;
    std::vector<Process> processes_;
    std::vector<Thread> threads_;
    std::optional<StackId> full_;  ///< where stacks go that no longer fit
};

}  // namespace lampyr::profile
