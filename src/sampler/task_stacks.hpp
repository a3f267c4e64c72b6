// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"
#include "cpython/running_task.hpp"
#include "profile/builder.hpp"
#include "sampler/code_cache.hpp"
#include "sampler/target_impl.hpp"
#include "sampler/task_chains.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lampyr::sampler {

/// Puts the tasks of asyncio into stacks: where a stack enters a task's coroutine, a frame with the task's name, and before it
/// the tasks that wait for it, each with its coroutines. The task is the one whose coroutine is in the very stack: what
/// asyncio says to be running is only where it is looked for first.
/// A task that was met before costs one or two reads a new stack: which runs, and whether it and those that wait are as they
/// were. Else its chain is read anew.
class TaskStacks {
  public:
    /// All must outlive it.
    TaskStacks(Target::Impl& target, profile::Builder& builder, CodeCache& cache);

    /// The word of the thread state that names the running task (3.14+), to be read together with the stacks; absent as long as
    /// it is not known.
    [[nodiscard]] cpython::Offset running_task() const { return ready_ ? asyncio_->running_task : cpython::kAbsent; }
    /// Right after a sweep: which tasks run. Before 3.14 asks, before the turns that the stacks show are over.
    void look(std::span<cpython::RawStack* const> stacks, std::chrono::nanoseconds now);

    /// What is remembered of one thread.
    struct Last {
        std::uint64_t serial = 0;
        StackId from = kEmptyStack;
        StackId to = kEmptyStack;
        bool had_task = false;
        bool unknown = false;  ///< `to` says that the task is not known
    };

    /// The stack with its task. A stack that runs a coroutine and no task that can be found, of a thread that has run tasks
    /// before, gets a frame that says so, and is counted as a loss.
    [[nodiscard]] StackId place(const cpython::RawStack& stack, StackId id, Last& last, std::chrono::nanoseconds now,
                                std::array<std::uint64_t, kLossCount>& losses);

  private:
    bool prepare(RemoteAddr interpreter);
    [[nodiscard]] RemoteAddr current_tasks(RemoteAddr interpreter);
    const TaskChain* find(const cpython::RawStack& stack);
    const TaskChain* search(const cpython::RawStack& stack);
    [[nodiscard]] const cpython::RawFrame* entered(const cpython::RawStack& stack, const TaskChain* chain) const;
    [[nodiscard]] const cpython::RawFrame* frame_in(const cpython::RawStack& stack, RemoteAddr coro) const;
    [[nodiscard]] StackId with_task(const cpython::RawStack& stack, StackId id, Last& last);
    [[nodiscard]] StackId insert(StackId id, FrameId at, const std::vector<FrameId>& frames);
    [[nodiscard]] const cpython::RawFrame* outermost_coroutine(const cpython::RawStack& stack);

    Target::Impl& target_;
    profile::Builder& builder_;
    CodeCache& cache_;
    std::optional<cpython::AsyncioLayout> asyncio_;
    std::optional<TaskChains> chains_;
    std::optional<cpython::RunningTasks> running_;
    bool ready_ = false;
    std::chrono::nanoseconds now_{0};
    std::chrono::nanoseconds next_look_{0};
    std::chrono::nanoseconds next_search_{0};
    std::vector<std::pair<RemoteAddr, RemoteAddr>> seen_;  // (thread state, running task) as of the last sweep
    std::unordered_map<RemoteAddr, RemoteAddr> current_;   // `_current_tasks` by interpreter
    std::unordered_map<RemoteAddr, bool> coroutine_code_;
    std::vector<FrameId> path_;
    std::vector<FrameId> unknown_;  ///< the frame that says so
};

}  // namespace lampyr::sampler
