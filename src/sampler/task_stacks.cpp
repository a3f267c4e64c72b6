// SPDX-License-Identifier: MIT
#include "sampler/task_stacks.hpp"

#include "cpython/asyncio_section.hpp"
#include "process/proc_maps.hpp"

#include <algorithm>
#include <span>

namespace lampyr::sampler {
namespace {

bool runs_generator(const cpython::RawStack& stack) {
    return std::any_of(stack.frames.begin(), stack.frames.end(),
                       [](const cpython::RawFrame& raw) { return raw.generator; });
}

/// Until asyncio is there it is looked for this often, in programs that run generators.
constexpr std::chrono::milliseconds kLookEvery{500};
/// Among more tasks than these, one that was missed is searched for only as often; and where there are none.
constexpr std::size_t kFewTasks = 200;
constexpr std::size_t kMostInterpreters = 64;
constexpr std::size_t kMostCodes = 1U << 16;
// CO_COROUTINE, CO_ITERABLE_COROUTINE, Include/cpython/code.h
constexpr std::uint32_t kCoroutineFlags = 0x80 | 0x100;

void count(std::array<std::uint64_t, kLossCount>& losses, Loss loss) { ++losses[static_cast<std::size_t>(loss)]; }

}  // namespace

TaskStacks::TaskStacks(Target::Impl& target, profile::Builder& builder, CodeCache& cache)
    : target_(target),
      builder_(builder),
      cache_(cache),
      asyncio_(cpython::asyncio_layout(target.runtime.layout.version)),
      unknown_{builder.intern_marker("(task unknown)")} {}

/// Finds asyncio once it is imported. Its module and what it publishes are searched with many reads, so seldom.
bool TaskStacks::prepare(RemoteAddr interpreter) {
    if (ready_) return true;
    if (!asyncio_ || now_ < next_look_) return false;
    next_look_ = now_ + kLookEvery;
    const cpython::Layout& layout = target_.runtime.layout;
    if (!chains_) {
        chains_.emplace(target_.source(), layout, *asyncio_, builder_, cache_);
        running_.emplace(target_.source(), layout);
    }
    if (chains_->reader().current_tasks(interpreter).is_null()) return false;
    if (asyncio_->node.present()) {
        const auto maps = process::read_maps(target_.memory->process());
        if (!maps || !cpython::take_asyncio_section(*asyncio_, target_.source(), target_.pid, *maps)) return false;
    }
    ready_ = true;
    return true;
}

RemoteAddr TaskStacks::current_tasks(RemoteAddr interpreter) {
    if (asyncio_->running_task.present()) return {};
    const auto known = current_.find(interpreter);
    if (known != current_.end() && !known->second.is_null()) return known->second;
    if (known != current_.end() && now_ < next_look_) return {};
    next_look_ = now_ + kLookEvery;
    if (current_.size() >= kMostInterpreters) current_.clear();
    return current_[interpreter] = chains_->reader().current_tasks(interpreter);
}

const cpython::RawFrame* TaskStacks::frame_in(const cpython::RawStack& stack, RemoteAddr coro) const {
    const RemoteAddr frame = chains_->frame_of(coro);
    const auto found = std::find_if(stack.frames.begin(), stack.frames.end(),
                                    [&](const cpython::RawFrame& raw) { return raw.generator && raw.frame == frame; });
    return found == stack.frames.end() ? nullptr : &*found;
}

/// The frame by which the stack enters the task's coroutine; null if it does not. Another coroutine may have been at the same
/// address when the stack was read: then mostly of another function.
const cpython::RawFrame* TaskStacks::entered(const cpython::RawStack& stack, const TaskChain* chain) const {
    const cpython::RawFrame* frame = chain != nullptr ? frame_in(stack, chain->coro) : nullptr;
    return frame != nullptr && frame->code == chain->code ? frame : nullptr;
}

/// The task whose coroutine is in the stack: the one that ran, else one that was met before.
const TaskChain* TaskStacks::find(const cpython::RawStack& stack) {
    for (const auto& [thread, task] : seen_) {
        if (thread != stack.tstate) continue;
        const TaskChain* chain = chains_->last(task);
        if (entered(stack, chain) != nullptr) return chain;
    }
    for (const cpython::RawFrame& raw : stack.frames) {
        if (!raw.generator) continue;
        const RemoteAddr task = chains_->task_of_frame(raw.frame);
        const TaskChain* chain = task.is_null() ? nullptr : chains_->read(task, now_);
        if (entered(stack, chain) != nullptr) return chain;
    }
    return nullptr;
}

/// A task that was never met, and whose turn was over when asyncio was asked, is found among all of them.
const TaskChain* TaskStacks::search(const cpython::RawStack& stack) {
    if (now_ < next_search_) return nullptr;
    const cpython::TaskList list = chains_->reader().list(stack.interpreter, std::span(&stack.tstate, 1));
    if (list.tasks.empty() || list.tasks.size() > kFewTasks) next_search_ = now_ + kLookEvery;
    for (const RemoteAddr task : list.tasks) {
        const auto fields = chains_->reader().identity(task);
        if (!fields || frame_in(stack, fields->coro) == nullptr) continue;
        const TaskChain* chain = chains_->read(task, now_);
        return entered(stack, chain) != nullptr ? chain : nullptr;
    }
    return nullptr;
}

/// Who waits for the tasks is read here, too, before anything else is made of the stacks.
void TaskStacks::look(std::span<cpython::RawStack* const> stacks, std::chrono::nanoseconds now) {
    now_ = now;
    seen_.clear();
    if (!ready_) return;
    for (const cpython::RawStack* stack : stacks) {
        if (stack->status != cpython::StackStatus::kOk || !runs_generator(*stack)) continue;
        if (asyncio_->running_task.present()) {
            if (stack->watched.is_plausible()) seen_.emplace_back(stack->tstate, stack->watched);
            continue;
        }
        for (const RemoteAddr task : running_->read(current_tasks(stack->interpreter)))
            seen_.emplace_back(stack->tstate, task);
    }
    for (const auto& [thread, task] : seen_) static_cast<void>(chains_->read(task, now_));
}

/// Puts `frames` before the outermost `at`.
StackId TaskStacks::insert(StackId id, FrameId at, const std::vector<FrameId>& frames) {
    path_.clear();
    for (StackId node = id; node != kEmptyStack; node = builder_.stack(node).parent)
        path_.push_back(builder_.stack(node).frame);
    const auto place = std::find(path_.rbegin(), path_.rend(), at);
    if (place == path_.rend()) return id;
    StackId to = kEmptyStack;
    for (auto frame = path_.rbegin(); frame != path_.rend(); ++frame) {
        if (frame == place)
            for (const FrameId waiting : frames) to = builder_.intern_stack(to, waiting);
        to = builder_.intern_stack(to, *frame);
    }
    return to;
}

/// Null when the stack runs no coroutine; generators alone are none.
const cpython::RawFrame* TaskStacks::outermost_coroutine(const cpython::RawStack& stack) {
    for (auto raw = stack.frames.rbegin(); raw != stack.frames.rend(); ++raw) {
        if (!raw->generator) continue;
        if (coroutine_code_.size() >= kMostCodes) coroutine_code_.clear();
        const auto [known, added] = coroutine_code_.try_emplace(raw->code);
        if (added) {
            const auto flags =
                target_.source().read_value<std::uint32_t>(raw->code + target_.runtime.layout.code.flags.value());
            known->second = flags && (*flags & kCoroutineFlags) != 0;
        }
        if (known->second) return &*raw;
    }
    return nullptr;
}

StackId TaskStacks::place(const cpython::RawStack& stack, StackId id, Last& last, std::chrono::nanoseconds now,
                          std::array<std::uint64_t, kLossCount>& losses) {
    if (stack.serial != last.serial || id != last.from) {
        now_ = now;
        last.serial = stack.serial;
        last.from = last.to = id;
        last.unknown = false;
        if (runs_generator(stack) && prepare(stack.interpreter)) last.to = with_task(stack, id, last);
    }
    if (last.unknown) count(losses, Loss::kTaskUnknown);
    return last.to;
}

StackId TaskStacks::with_task(const cpython::RawStack& stack, StackId id, Last& last) {
    const TaskChain* chain = find(stack);
    if (chain == nullptr && outermost_coroutine(stack) != nullptr) chain = search(stack);
    if (chain == nullptr && !last.had_task) return id;
    const cpython::RawFrame* first = chain != nullptr ? frame_in(stack, chain->coro) : outermost_coroutine(stack);
    const auto resolved = first != nullptr ? cache_.resolve(*first) : CodeCache::Resolved{};
    if (resolved.kind != CodeCache::Kind::kFrame) return id;
    last.had_task = true;
    last.unknown = chain == nullptr;
    return insert(id, resolved.frame, chain != nullptr ? chain->frames : unknown_);
}

}  // namespace lampyr::sampler
