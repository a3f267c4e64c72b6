// SPDX-License-Identifier: MIT
#include "sampler/task_stacks.hpp"

#include "cpython/asyncio_section.hpp"
#include "process/proc_maps.hpp"

#include <fmt/format.h>

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
constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kMostCodes = 1U << 16;
/// Tasks that wait for one another, one behind the other.
constexpr std::size_t kMostAwaiters = 64;
constexpr std::size_t kMostProofSegments = 1024;
// CO_COROUTINE, CO_ITERABLE_COROUTINE, Include/cpython/code.h
constexpr std::uint32_t kCoroutineFlags = 0x80 | 0x100;

void count(std::array<std::uint64_t, kLossCount>& losses, Loss loss) { ++losses[static_cast<std::size_t>(loss)]; }

}  // namespace

TaskStacks::TaskStacks(Target::Impl& target, profile::Builder& builder, CodeCache& cache)
    : target_(target),
      builder_(builder),
      cache_(cache),
      asyncio_(cpython::asyncio_layout(target.runtime.layout.version)),
      types_(target.source(), target.runtime.layout),
      unknown_{builder.intern_marker("(task unknown)")} {}

/// Finds asyncio once it is imported. Its module and what it publishes are searched with many reads, so seldom.
bool TaskStacks::prepare(RemoteAddr interpreter) {
    if (ready_) return true;
    if (!asyncio_ || now_ < next_look_) return false;
    next_look_ = now_ + kLookEvery;
    const cpython::Layout& layout = target_.runtime.layout;
    if (!tasks_) {
        tasks_.emplace(target_.source(), layout, *asyncio_, types_);
        coroutines_.emplace(target_.source(), layout, *asyncio_, types_);
        running_.emplace(target_.source(), layout, *asyncio_);
    }
    if (tasks_->current_tasks(interpreter).is_null()) return false;
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
    if (current_.size() >= kMostEntries) current_.clear();
    return current_[interpreter] = tasks_->current_tasks(interpreter);
}

const cpython::RawFrame* TaskStacks::frame_in(const cpython::RawStack& stack, RemoteAddr coro) const {
    const RemoteAddr frame = coroutines_->frame_of(coro);
    const auto found = std::find_if(stack.frames.begin(), stack.frames.end(),
                                    [&](const cpython::RawFrame& raw) { return raw.generator && raw.frame == frame; });
    return found == stack.frames.end() ? nullptr : &*found;
}

/// The frame by which the stack enters the task's coroutine; null if it does not. Another coroutine may have been at the same
/// address when the stack was read: then mostly of another function.
const cpython::RawFrame* TaskStacks::entered(const cpython::RawStack& stack, const Entry* entry) const {
    const cpython::RawFrame* frame = entry != nullptr ? frame_in(stack, entry->coro) : nullptr;
    return frame != nullptr && frame->code == entry->code ? frame : nullptr;
}

bool TaskStacks::read_proof(const Proof& proof, std::vector<std::byte>& out) const {
    const std::size_t bytes = 8 * proof.segments.size();
    if (out.size() < bytes) out.resize(bytes);
    return target_.source().read_segments(proof.segments, std::span(out.data(), bytes)) == bytes;
}

bool TaskStacks::still_holds(Entry& entry) {
    return !entry.proof.bytes.empty() && read_proof(entry.proof, bytes_) &&
           std::equal(entry.proof.bytes.begin(), entry.proof.bytes.end(), bytes_.begin());
}

/// The name the program gave the task. One that asyncio made up says less than what the task runs, and there may be as many
/// as there were requests: those share a frame by their coroutine.
FrameId TaskStacks::label(const cpython::TaskFields& task) {
    if (!tasks_->has_made_up_name(task)) return builder_.intern_marker(fmt::format("task {}", tasks_->name(task)));
    const auto code = target_.source().read_value<std::uint64_t>(coroutines_->frame_of(task.coro) +
                                                                 target_.runtime.layout.frame.code.value());
    const RemoteAddr address(code.value_or(0) & ~target_.runtime.layout.code_tag_mask);
    const cpython::RawFrame frame{.frame = coroutines_->frame_of(task.coro), .code = address, .generator = true};
    cache_.prove(std::span(&frame, 1), 0, now_);
    const auto resolved = cache_.resolve(frame);
    if (resolved.kind != CodeCache::Kind::kFrame) return builder_.intern_marker("task");
    const Function& function = builder_.tables().functions[builder_.function_of(resolved.frame).value];
    return builder_.intern_marker(fmt::format("task {}()", builder_.string(function.name)));
}

void TaskStacks::add_coroutines(Entry& entry, const cpython::CoroutineChain& chain) {
    const cpython::FrameLayout& frame = target_.runtime.layout.frame;
    cache_.prove(chain.frames, 0, now_);
    for (const cpython::RawFrame& raw : chain.frames) {
        watch(entry.proof, raw.frame + frame.code.value());
        watch(entry.proof, raw.frame + frame.instruction.value());
        const auto resolved = cache_.resolve(raw);
        if (resolved.kind == CodeCache::Kind::kFrame) entry.frames.push_back(resolved.frame);
    }
}

/// The tasks that wait, from the outermost inwards. Of several that wait for the same one the first is followed.
bool TaskStacks::add_awaiters(Entry& entry) {
    std::vector<RemoteAddr> waiting;  // innermost first
    RemoteAddr task = entry.task;
    while (waiting.size() < kMostAwaiters) {
        watch(entry.proof,
              task + (asyncio_->awaited_by.present() ? asyncio_->awaited_by : asyncio_->callback0).value());
        const auto awaiters = tasks_->awaiters(task);
        const auto is_new = [&](RemoteAddr awaiter) {
            return awaiter != entry.task && std::find(waiting.begin(), waiting.end(), awaiter) == waiting.end();
        };
        const auto next = std::find_if(awaiters.begin(), awaiters.end(), is_new);
        if (next == awaiters.end()) break;
        task = *next;
        waiting.push_back(task);
    }
    for (auto awaiter = waiting.rbegin(); awaiter != waiting.rend(); ++awaiter) {
        const auto fields = tasks_->fields(*awaiter);
        if (!fields) return false;
        watch(entry.proof, *awaiter + asyncio_->coro.value());
        watch(entry.proof, *awaiter + asyncio_->name.value());
        entry.frames.push_back(label(*fields));
        add_coroutines(entry, coroutines_->follow(fields->coro));
    }
    return true;
}

/// Reads the task and those that wait for it, and then once more all words that this was made of.
bool TaskStacks::build(Entry& entry) {
    entry.frames.clear();
    entry.proof.segments.clear();
    entry.proof.bytes.clear();
    const auto fields = tasks_->fields(entry.task);
    if (!fields) return false;
    entry.coro = fields->coro;
    watch(entry.proof, entry.task + asyncio_->coro.value());
    watch(entry.proof, entry.task + asyncio_->name.value());
    const RemoteAddr code_word = coroutines_->frame_of(entry.coro) + target_.runtime.layout.frame.code.value();
    watch(entry.proof, code_word);
    const std::size_t own = entry.proof.segments.size();
    const auto code = target_.source().read_value<std::uint64_t>(code_word);
    if (!code) return false;
    entry.code = RemoteAddr(*code & ~target_.runtime.layout.code_tag_mask);
    std::vector<std::byte> before;
    // What is to be watched is known only when it has been read.
    for (int attempt = 0; attempt < 3; ++attempt) {
        entry.frames.clear();
        entry.proof.segments.resize(own);
        if (!add_awaiters(entry)) continue;
        entry.frames.push_back(label(*fields));
        if (entry.proof.segments.size() > kMostProofSegments) entry.proof.segments.resize(kMostProofSegments);
        std::vector<std::byte> now;
        if (!read_proof(entry.proof, now)) continue;
        now.resize(8 * entry.proof.segments.size());
        if (now == before) {
            entry.proof.bytes = std::move(now);
            return true;
        }
        before = std::move(now);
    }
    return false;
}

/// The task as it is now; null when there is none at this address, or it could not be read.
TaskStacks::Entry* TaskStacks::entry_of(RemoteAddr task) {
    if (const auto known = entries_.find(task); known != entries_.end()) {
        if (still_holds(known->second)) return &known->second;
        by_frame_.erase(coroutines_->frame_of(known->second.coro));
        if (build(known->second)) {
            by_frame_[coroutines_->frame_of(known->second.coro)] = task;
            return &known->second;
        }
        entries_.erase(known);
        return nullptr;
    }
    if (entries_.size() >= kMostEntries) {
        entries_.clear();
        by_frame_.clear();
    }
    Entry entry;
    entry.task = task;
    if (!build(entry)) return nullptr;
    by_frame_[coroutines_->frame_of(entry.coro)] = task;
    return &entries_.emplace(task, std::move(entry)).first->second;
}

/// The task whose coroutine is in the stack: the one that runs now, else one that was met before and has been left since the
/// stack was read.
const TaskStacks::Entry* TaskStacks::find(const cpython::RawStack& stack) {
    for (const auto& [thread, task] : seen_) {
        if (thread != stack.tstate) continue;
        const Entry* entry = entry_of(task);
        if (entered(stack, entry) != nullptr) return entry;
    }
    for (const cpython::RawFrame& raw : stack.frames) {
        if (!raw.generator) continue;
        const auto task = by_frame_.find(raw.frame);
        if (task == by_frame_.end()) continue;
        const Entry* entry = entry_of(task->second);
        if (entered(stack, entry) != nullptr) return entry;
    }
    return nullptr;
}

/// A task that was never met, and whose turn was over when asyncio was asked, is found among all of them.
const TaskStacks::Entry* TaskStacks::search(const cpython::RawStack& stack) {
    if (now_ < next_search_) return nullptr;
    const cpython::TaskList list = tasks_->list(stack.interpreter, std::span(&stack.tstate, 1));
    if (list.tasks.empty() || list.tasks.size() > kFewTasks) next_search_ = now_ + kLookEvery;
    for (const RemoteAddr task : list.tasks) {
        const auto fields = tasks_->fields(task);
        if (!fields || frame_in(stack, fields->coro) == nullptr) continue;
        const Entry* entry = entry_of(task);
        return entered(stack, entry) != nullptr ? entry : nullptr;
    }
    return nullptr;
}

void TaskStacks::look(std::span<cpython::RawStack* const> stacks, std::chrono::nanoseconds now) {
    now_ = now;
    seen_.clear();
    if (!ready_) return;
    for (const cpython::RawStack* stack : stacks) {
        if (stack->status != cpython::StackStatus::kOk || !runs_generator(*stack)) continue;
        for (const RemoteAddr task : running_->read(stack->tstate, current_tasks(stack->interpreter)))
            seen_.emplace_back(stack->tstate, task);
    }
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
    const Entry* entry = find(stack);
    if (entry == nullptr && outermost_coroutine(stack) != nullptr) entry = search(stack);
    if (entry == nullptr && !last.had_task) return id;
    const cpython::RawFrame* first = entry != nullptr ? frame_in(stack, entry->coro) : outermost_coroutine(stack);
    const auto resolved = first != nullptr ? cache_.resolve(*first) : CodeCache::Resolved{};
    if (resolved.kind != CodeCache::Kind::kFrame) return id;
    last.had_task = true;
    last.unknown = entry == nullptr;
    return insert(id, resolved.frame, entry != nullptr ? entry->frames : unknown_);
}

}  // namespace lampyr::sampler
