// SPDX-License-Identifier: MIT
#include "sampler/task_chains.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace lampyr::sampler {
namespace {

constexpr std::size_t kMostTasks = 4096;
/// Tasks that wait for one another, one behind the other.
constexpr std::size_t kMostAwaiters = 64;
constexpr int kAttempts = 3;

}  // namespace

TaskChains::TaskChains(const process::RemoteMemory& memory, const cpython::Layout& layout,
                       const cpython::AsyncioLayout& asyncio, profile::Builder& builder, CodeCache& cache)
    : layout_(layout),
      builder_(builder),
      cache_(cache),
      memory_(memory),
      types_(memory_, layout),
      tasks_(memory_, layout, asyncio, types_),
      coroutines_(memory_, layout, asyncio, types_) {}

const TaskChain* TaskChains::last(RemoteAddr task) const {
    const auto known = chains_.find(task);
    return known != chains_.end() ? &known->second : nullptr;
}

RemoteAddr TaskChains::task_of_frame(RemoteAddr frame) const {
    const auto known = by_frame_.find(frame);
    return known != by_frame_.end() ? known->second : RemoteAddr();
}

void TaskChains::forget_all() {
    chains_.clear();
    waiting_.clear();
    by_frame_.clear();
}

const TaskChain* TaskChains::read(RemoteAddr task, std::chrono::nanoseconds now) {
    now_ = now;
    if (chains_.size() >= kMostTasks || waiting_.size() >= kMostTasks) forget_all();
    const auto [at, fresh] = chains_.try_emplace(task);
    TaskChain& chain = at->second;
    if (!fresh) {
        if (chain.proof.holds(memory_, scratch_)) return &chain;
        by_frame_.erase(frame_of(chain.coro));
    }
    chain.task = task;
    if (!build(chain)) {
        chains_.erase(at);
        return nullptr;
    }
    by_frame_[frame_of(chain.coro)] = task;
    return &chain;
}

RemoteAddr TaskChains::code_of(RemoteAddr coro) const {
    const auto code = memory_.read_value<std::uint64_t>(frame_of(coro) + layout_.frame.code.value());
    return RemoteAddr(code.value_or(0) & ~layout_.code_tag_mask);
}

/// The name the program gave the task. One that asyncio made up says less than what the task runs, and there may be as many
/// as there were requests: those share a frame by their coroutine.
FrameId TaskChains::label(const cpython::TaskFields& task, RemoteAddr code) {
    const std::string name = tasks_.name(task);
    if (!cpython::is_made_up_task_name(name)) return builder_.intern_marker(fmt::format("task {}", name));
    const cpython::RawFrame frame{.frame = frame_of(task.coro), .code = code, .generator = true};
    cache_.prove(std::span(&frame, 1), 0, now_);
    const auto resolved = cache_.resolve(frame);
    if (resolved.kind != CodeCache::Kind::kFrame) return builder_.intern_marker("task");
    const StringId function = builder_.tables().functions[builder_.function_of(resolved.frame).value].name;
    return builder_.intern_marker(fmt::format("task {}()", builder_.string(function)));
}

/// What the task says of itself, and the first of those that wait for it; null: nobody does.
bool TaskChains::read_own(TaskChain& chain, FrameId& label_frame, RemoteAddr& awaiter) {
    const auto fields = tasks_.identity(chain.task);
    if (!fields) return false;
    chain.coro = fields->coro;
    chain.code = code_of(fields->coro);
    if (chain.code.is_null()) return false;
    label_frame = label(*fields, chain.code);
    const auto awaiters = tasks_.awaiters(chain.task);
    awaiter = awaiters.empty() ? RemoteAddr() : awaiters.front();
    return true;
}

/// Reads the task and those that wait for it, and then all that this was made of once more.
bool TaskChains::build(TaskChain& chain) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        memory_.start();
        FrameId own;
        RemoteAddr awaiter;
        const bool read = read_own(chain, own, awaiter);
        chain.proof = memory_.take();
        if (!read) return false;
        chain.frames.clear();
        if (!awaiter.is_null()) {
            const Waiting* waiting = this->waiting(awaiter, chain.task);
            if (waiting == nullptr) continue;
            chain.frames = waiting->frames;
            chain.proof.append(waiting->proof);
        }
        chain.frames.push_back(own);
        if (chain.proof.holds(memory_, scratch_)) return true;
    }
    return false;
}

/// As remembered, or read anew; the caller proves it together with what it has read itself.
const TaskChains::Waiting* TaskChains::waiting(RemoteAddr awaiter, RemoteAddr task) {
    const auto [at, fresh] = waiting_.try_emplace(awaiter);
    if (!fresh && at->second.proof.holds(memory_, scratch_)) return &at->second;
    at->second.frames.clear();
    memory_.start();
    const bool read = read_waiting(awaiter, task, at->second);
    at->second.proof = memory_.take();
    if (read) return &at->second;
    waiting_.erase(at);
    return nullptr;
}

/// The tasks that wait, from the outermost inwards. Of several that wait for the same one the first is followed.
bool TaskChains::read_waiting(RemoteAddr awaiter, RemoteAddr task, Waiting& waiting) {
    std::vector<RemoteAddr> path{awaiter};  // innermost first
    while (path.size() < kMostAwaiters) {
        const auto awaiters = tasks_.awaiters(path.back());
        const auto is_new = [&](RemoteAddr other) {
            return other != task && std::find(path.begin(), path.end(), other) == path.end();
        };
        const auto next = std::find_if(awaiters.begin(), awaiters.end(), is_new);
        if (next == awaiters.end()) break;
        path.push_back(*next);
    }
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
        const auto fields = tasks_.identity(*at);
        if (!fields) return false;
        waiting.frames.push_back(label(*fields, code_of(fields->coro)));
        add_coroutines(waiting, fields->coro);
    }
    return true;
}

void TaskChains::add_coroutines(Waiting& waiting, RemoteAddr coro) {
    const cpython::CoroutineChain chain = coroutines_.follow(coro);
    cache_.prove(chain.frames, 0, now_);
    for (const cpython::RawFrame& raw : chain.frames)
        if (const auto resolved = cache_.resolve(raw); resolved.kind == CodeCache::Kind::kFrame)
            waiting.frames.push_back(resolved.frame);
}

}  // namespace lampyr::sampler
