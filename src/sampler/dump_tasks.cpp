// SPDX-License-Identifier: MIT
#include "sampler/dump_tasks.hpp"

#include "cpython/asyncio_section.hpp"
#include "cpython/asyncio_tasks.hpp"
#include "cpython/coroutine_chain.hpp"

#include <cstring>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace lampyr::sampler {
namespace {

/// A task is read so often until two reads of it agree.
constexpr int kReads = 4;
/// While a process is held, not more: each costs some 50 µs.
constexpr std::size_t kMostWhileHeld = 1000;

/// One read of a task.
struct TaskRead {
    cpython::TaskFields fields;
    cpython::CoroutineChain chain;
    std::vector<RemoteAddr> awaiters;
};

bool same(const TaskRead& a, const TaskRead& b) {
    return a.fields.coro == b.fields.coro && a.fields.fut_waiter == b.fields.fut_waiter &&
           a.fields.pending == b.fields.pending && a.chain.frames == b.chain.frames &&
           a.chain.awaited == b.chain.awaited && a.awaiters == b.awaiters;
}

std::vector<process::Mapping> mappings_of(const DumpSource& source) {
    if (source.process == nullptr) return source.mappings;
    auto maps = process::read_maps(*source.process);
    return maps ? std::move(*maps) : std::vector<process::Mapping>{};
}

class TaskDump {
  public:
    TaskDump(const DumpSource& source, const cpython::AsyncioLayout& asyncio,
             std::span<cpython::RawStack* const> stacks, bool held)
        : source_(source),
          held_(held),
          asyncio_(asyncio),
          stacks_(stacks),
          types_(source.memory, source.runtime.layout),
          tasks_(source.memory, source.runtime.layout, asyncio_, types_),
          coroutines_(source.memory, source.runtime.layout, asyncio_, types_) {}

    /// Whether asyncio is there at all.
    [[nodiscard]] bool imported(RemoteAddr interpreter) { return !tasks_.current_tasks(interpreter).is_null(); }
    /// Takes what asyncio publishes about itself, where it does.
    void complete() {
        const Pid pid = source_.process == nullptr ? Pid{0} : source_.pid;
        complete_ = !asyncio_.node.present() ||
                    cpython::take_asyncio_section(asyncio_, source_.memory, pid, mappings_of(source_));
    }
    void read(RemoteAddr interpreter);
    [[nodiscard]] FoundTasks take() &&;

  private:
    [[nodiscard]] std::optional<TaskRead> read_once(RemoteAddr task);
    [[nodiscard]] bool take_running(FoundTask& found, RemoteAddr coro) const;
    void add(RemoteAddr task, std::uint64_t interpreter_id, bool running);
    void link();

    const DumpSource& source_;
    bool held_;
    cpython::AsyncioLayout asyncio_;
    std::span<cpython::RawStack* const> stacks_;
    cpython::TypeReader types_;
    cpython::TaskReader tasks_;
    cpython::CoroutineReader coroutines_;
    FoundTasks found_;
    std::unordered_map<std::uint64_t, std::vector<RemoteAddr>> awaiters_;  // by id
    bool complete_ = true;
};

std::optional<TaskRead> TaskDump::read_once(RemoteAddr task) {
    auto fields = tasks_.fields(task);
    if (!fields) return std::nullopt;
    return TaskRead{*fields, coroutines_.follow(fields->coro), tasks_.awaiters(task)};
}

/// What a running task does is the inner part of a thread's stack, from its coroutine on.
bool TaskDump::take_running(FoundTask& found, RemoteAddr coro) const {
    const RemoteAddr frame = coroutines_.frame_of(coro);
    for (const cpython::RawStack* stack : stacks_) {
        const auto at = std::find_if(stack->frames.begin(), stack->frames.end(),
                                     [&](const cpython::RawFrame& raw) { return raw.frame == frame; });
        if (at == stack->frames.end()) continue;
        found.frames.assign(stack->frames.begin(), at + 1);
        found.task.thread = stack->ident;
        found.task.proven = stack->unproven == 0 && stack->root_reached;
        found.task.state = DumpTaskState::kRunning;
        return true;
    }
    return false;
}

void TaskDump::add(RemoteAddr task, std::uint64_t interpreter_id, bool running) {
    auto read = read_once(task);
    bool agreed = held_;
    for (int i = 1; i < kReads && read && !agreed; ++i) {
        auto again = read_once(task);
        agreed = again && same(*read, *again);
        read = std::move(again);
    }
    if (!read || !read->fields.pending) return;
    FoundTask found;
    found.task.id = task.value;
    found.task.interpreter = interpreter_id;
    found.task.name = tasks_.name(read->fields);
    awaiters_.emplace(task.value, std::move(read->awaiters));
    if (!take_running(found, read->fields.coro)) {
        // One that was said to run is on no stack: it began or ended its turn meanwhile.
        found.task.proven = agreed && !running;
        found.frames.assign(read->chain.frames.rbegin(), read->chain.frames.rend());
        if (!read->fields.fut_waiter.is_null()) {
            found.task.state = DumpTaskState::kWaiting;
            if (const auto* type = types_.type_of(read->fields.fut_waiter)) found.task.waits_in = type->name;
        }
    }
    found_.tasks.push_back(std::move(found));
}

void TaskDump::read(RemoteAddr interpreter) {
    std::vector<RemoteAddr> threads;
    std::uint64_t id = 0;
    for (const cpython::RawStack* stack : stacks_) {
        if (stack->interpreter != interpreter) continue;
        threads.push_back(stack->tstate);
        id = stack->interpreter_id;
    }
    cpython::TaskList list = tasks_.list(interpreter, threads);
    if (held_ && source_.process != nullptr && list.tasks.size() > kMostWhileHeld) {
        list.tasks.resize(kMostWhileHeld);
        list.whole = false;
    }
    found_.whole = found_.whole && list.whole && complete_;
    const auto is_in = [](const std::vector<RemoteAddr>& all, RemoteAddr task) {
        return std::find(all.begin(), all.end(), task) != all.end();
    };
    for (const RemoteAddr task : list.running)
        if (tasks_.is_task(task) && !is_in(list.tasks, task)) list.tasks.push_back(task);
    for (const RemoteAddr task : list.tasks) add(task, id, is_in(list.running, task));
}

/// Who waits for whom, in both directions.
void TaskDump::link() {
    std::unordered_map<std::uint64_t, std::size_t> places;
    for (std::size_t i = 0; i < found_.tasks.size(); ++i) places.emplace(found_.tasks[i].task.id, i);
    for (std::size_t i = 0; i < found_.tasks.size(); ++i) {
        for (const RemoteAddr awaiter : awaiters_[found_.tasks[i].task.id]) {
            const auto place = places.find(awaiter.value);
            if (place == places.end()) continue;
            found_.tasks[i].task.awaited_by.push_back(place->second);
            found_.tasks[place->second].task.waits_for.push_back(i);
        }
    }
    for (FoundTask& found : found_.tasks) {
        std::sort(found.task.awaited_by.begin(), found.task.awaited_by.end());
        // What a TaskGroup has started is waited for once the group's block ends.
        if (found.task.state != DumpTaskState::kWaiting) found.task.waits_for.clear();
    }
}

FoundTasks TaskDump::take() && {
    std::stable_sort(found_.tasks.begin(), found_.tasks.end(), [](const FoundTask& a, const FoundTask& b) {
        const bool a_runs = a.task.state == DumpTaskState::kRunning;
        const bool b_runs = b.task.state == DumpTaskState::kRunning;
        if (a.task.interpreter != b.task.interpreter) return a.task.interpreter < b.task.interpreter;
        if (a_runs != b_runs) return a_runs;
        return ::strverscmp(a.task.name.c_str(), b.task.name.c_str()) < 0;
    });
    link();
    return std::move(found_);
}

}  // namespace

FoundTasks read_tasks(const DumpSource& source, std::span<const RemoteAddr> interpreters,
                      std::span<cpython::RawStack* const> stacks, bool held) {
    const auto asyncio = cpython::asyncio_layout(source.runtime.layout.version);
    if (!asyncio) return {};
    TaskDump dump(source, *asyncio, stacks, held);
    bool known = false;
    for (const RemoteAddr interpreter : interpreters) {
        if (!dump.imported(interpreter)) continue;
        if (!known) dump.complete();
        known = true;
        dump.read(interpreter);
    }
    return std::move(dump).take();
}

}  // namespace lampyr::sampler
