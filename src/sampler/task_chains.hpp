// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/asyncio_tasks.hpp"
#include "cpython/coroutine_chain.hpp"
#include "process/watched_memory.hpp"
#include "profile/builder.hpp"
#include "sampler/code_cache.hpp"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <vector>

namespace lampyr::sampler {

/// A task of asyncio, and who waits for it.
struct TaskChain {
    RemoteAddr task;
    RemoteAddr coro;
    RemoteAddr code;              ///< of that coroutine
    std::vector<FrameId> frames;  ///< who waits for it with their coroutines, outermost first, and the task itself
    process::ReadProof proof;     ///< as long as it holds, so does all this
};

/// Reads who waits for a task, and remembers it. A task runs for a fraction of a millisecond and may be gone then, so what is
/// its own is read first and with few reads, and those that wait for it, which live longer, are read once for all they wait
/// for. What was read is proven by reading all of it again in one call.
class TaskChains {
  public:
    /// All must outlive it.
    TaskChains(const process::RemoteMemory& memory, const cpython::Layout& layout,
               const cpython::AsyncioLayout& asyncio, profile::Builder& builder, CodeCache& cache);

    [[nodiscard]] cpython::TaskReader& reader() { return tasks_; }
    [[nodiscard]] RemoteAddr frame_of(RemoteAddr coro) const { return coroutines_.frame_of(coro); }

    /// The task as it is now; null when there is none at this address, or it could not be read. Valid until the next call.
    const TaskChain* read(RemoteAddr task, std::chrono::nanoseconds now);
    /// The same as it was when it was read last.
    [[nodiscard]] const TaskChain* last(RemoteAddr task) const;
    /// The task by its coroutine's frame, as of then; null: none.
    [[nodiscard]] RemoteAddr task_of_frame(RemoteAddr frame) const;

  private:
    /// Those that wait for a task, from one of its awaiters on outwards.
    struct Waiting {
        std::vector<FrameId> frames;
        process::ReadProof proof;
    };

    bool build(TaskChain& chain);
    [[nodiscard]] bool read_own(TaskChain& chain, FrameId& label, RemoteAddr& awaiter);
    [[nodiscard]] const Waiting* waiting(RemoteAddr awaiter, RemoteAddr task);
    [[nodiscard]] bool read_waiting(RemoteAddr awaiter, RemoteAddr task, Waiting& waiting);
    void add_coroutines(Waiting& waiting, RemoteAddr coro);
    [[nodiscard]] RemoteAddr code_of(RemoteAddr coro) const;
    [[nodiscard]] FrameId label(const cpython::TaskFields& task, RemoteAddr code);
    void forget_all();

    const cpython::Layout& layout_;
    profile::Builder& builder_;
    CodeCache& cache_;
    process::WatchedMemory memory_;
    cpython::TypeReader types_;
    cpython::TaskReader tasks_;
    cpython::CoroutineReader coroutines_;
    std::chrono::nanoseconds now_{0};
    std::unordered_map<RemoteAddr, TaskChain> chains_;     // by task
    std::unordered_map<RemoteAddr, Waiting> waiting_;      // by the innermost one that waits
    std::unordered_map<RemoteAddr, RemoteAddr> by_frame_;  // the task by its coroutine's frame
    std::vector<std::byte> scratch_;
};

}  // namespace lampyr::sampler
