// SPDX-License-Identifier: MIT
#include <lampyr/dump.hpp>

#include "cpython/frame_position.hpp"
#include "cpython/thread_names.hpp"
#include "process/thread_status.hpp"
#include "process/thread_stopper.hpp"
#include "sampler/code_cache.hpp"
#include "sampler/dump_source.hpp"
#include "sampler/dump_tasks.hpp"
#include "sampler/local_values.hpp"
#include "sampler/source_lines.hpp"
#include "sampler/stack_resolver.hpp"
#include "sampler/target_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

namespace lampyr {

namespace {

/// Sweeps taken at most until every thread's stack is proven.
constexpr int kSweeps = 20;

/// A frame of a stack as it was resolved, and what is read of it beyond name and line.
struct FrameDetail {
    cpython::RawFrame raw;
    FrameId frame;
    std::optional<cpython::Position> position;
    std::optional<std::vector<DumpLocal>> locals;
};

/// Columns belong to the line that is shown, or are left out.
void add_position(DumpFrame& frame, const cpython::Position& position) {
    if (position.line != frame.line || position.end_line < position.line) return;
    frame.end_line = position.end_line;
    frame.column = position.column;
    frame.end_column = position.end_column;
}

void add_detail(DumpFrame& frame, FrameDetail& detail) {
    if (detail.position) add_position(frame, *detail.position);
    frame.locals_read = detail.locals.has_value();
    if (detail.locals) frame.locals = std::move(*detail.locals);
}

/// The frames of a stack in the profile's tables, innermost first. `details` are of the same frames, without the markers.
std::vector<DumpFrame> frames_of(const Profile& profile, StackId stack, std::span<FrameDetail> details) {
    std::vector<DumpFrame> frames;
    for (; stack != kEmptyStack; stack = profile.stacks[stack.value].parent) {
        const StackNode& node = profile.stacks[stack.value];
        const Function& function = profile.function(node.frame);
        frames.push_back({profile.string(function.name), profile.string(function.file),
                          profile.string(function.short_file), profile.frames[node.frame.value].line, function.kind});
        if (details.empty() || details.front().frame != node.frame) continue;
        add_detail(frames.back(), details.front());
        details = details.subspan(1);
    }
    return frames;
}

cpython::ValueLimits limits_of(unsigned locals) {
    if (locals == 1) return {};
    return {.characters = 4000, .items = 200, .depth = 6};
}

struct Found {
    DumpThread thread;
    RemoteAddr interpreter;
    StackId stack = kEmptyStack;
    std::vector<FrameDetail> details{};  // innermost first; only when wanted
};

/// Sweeps until all stacks are proven, keeping each thread's latest; resolves them like a recording does.
class Dumper {
  public:
    Dumper(sampler::DumpSource& source, const DumpOptions& options)
        : source_(source),
          options_(options),
          reader_(source.memory, source.runtime.layout, {source.runtime.runtime, source.runtime.current_thread}),
          cache_(source.memory, source.runtime.layout, builder_, source.files) {
        if (source.process != nullptr) status_.emplace(*source.process);
    }

    Result<ProcessDump> run();

  private:
    bool sweep();
    bool sweep_stopped(bool last);
    void resolve();
    void note_frames(const cpython::RawStack& stack, Found& found);
    void read_locals();
    void read_tasks();
    void take_tasks(const Profile& profile, ProcessDump& dump);
    void read_positions();
    [[nodiscard]] bool all_proven() const {
        return std::all_of(found_.begin(), found_.end(), [](const Found& found) { return found.thread.proven; });
    }
    void take_names();
    [[nodiscard]] bool is_active(Tid tid);

    sampler::DumpSource& source_;
    DumpOptions options_;
    profile::Builder builder_;
    cpython::StackReader reader_;
    sampler::CodeCache cache_;
    std::optional<process::ThreadStatusReader> status_;  // not of a core
    std::unique_ptr<process::ThreadStopper> stopper_;    // blocking only
    std::vector<Found> found_;
    sampler::FoundTasks tasks_;
    std::vector<Found> task_stacks_;        // parallel to `tasks_`
    std::map<std::uint64_t, bool> active_;  // by ident; blocking only
};

bool Dumper::is_active(Tid tid) {
    return status_ && (tid.value == 0 || status_->state(tid) == process::RunState::kRunning);
}

/// One sweep; true when every stack in it is proven.
bool Dumper::sweep() {
    if (reader_.sweep() != cpython::StackReader::Outcome::kOk) return false;
    resolve();
    for (Found& found : found_) found.thread.active = is_active(found.thread.os_tid);
    return !reader_.list_broken() && all_proven();
}

/// The same with the Python threads held; whether they ran is asked before.
bool Dumper::sweep_stopped(bool last) {
    if (reader_.sweep() != cpython::StackReader::Outcome::kOk) return false;
    std::vector<Tid> tids;
    for (const cpython::RawStack* stack : reader_.stacks()) {
        const Tid tid = source_.os_tid(*stack);
        // A thread we have stopped before wakes for a moment; what it did before the first stop is what counts.
        active_.try_emplace(stack->ident, is_active(tid));
        if (tid.value != 0) tids.push_back(tid);
    }
    bool ok = false;
    stopper_->during_stop(tids, [&](const process::StopOutcome&) {
        ok = reader_.sweep() == cpython::StackReader::Outcome::kOk;
        if (ok) resolve();
        if (ok && (last || all_proven())) {
            read_tasks();
            read_locals();
        }
    });
    for (Found& found : found_) found.thread.active = active_[found.thread.ident];
    return ok && all_proven();
}

void Dumper::resolve() {
    found_.clear();
    std::array<std::uint64_t, kLossCount> losses{};
    for (const cpython::RawStack* stack : reader_.stacks()) {
        Found found;
        found.interpreter = stack->interpreter;
        found.thread.ident = stack->ident;
        found.thread.os_tid = source_.os_tid(*stack);
        found.thread.holds_gil = stack->holds_gil;
        found.thread.interpreter = stack->interpreter_id;
        found.thread.proven =
            stack->status == cpython::StackStatus::kNoFrame ||
            (stack->status == cpython::StackStatus::kOk && stack->root_reached && stack->unproven == 0);
        sampler::StackResolver resolver;
        if (stack->status == cpython::StackStatus::kOk)
            found.stack = resolver.resolve(*stack, cache_, builder_, reader_.code_generation(), {}, losses);
        found.thread.proven = found.thread.proven && resolver.last_proven();
        if (options_.positions || options_.locals != 0) note_frames(*stack, found);
        found_.push_back(std::move(found));
    }
}

void Dumper::note_frames(const cpython::RawStack& stack, Found& found) {
    if (stack.status != cpython::StackStatus::kOk) return;
    for (const cpython::RawFrame& raw : stack.frames)
        if (const auto resolved = cache_.resolve(raw); resolved.kind == sampler::CodeCache::Kind::kFrame)
            found.details.push_back({raw, resolved.frame, std::nullopt, std::nullopt});
}

/// The tasks of asyncio, with their frames resolved like those of the threads.
void Dumper::read_tasks() {
    const bool held = stopper_ != nullptr || source_.process == nullptr;
    tasks_ = sampler::read_tasks(source_, reader_.interpreters(), reader_.stacks(), held);
    task_stacks_.clear();
    for (const sampler::FoundTask& task : tasks_.tasks) {
        Found found;
        cache_.prove(task.frames, 0, {});
        for (auto raw = task.frames.rbegin(); raw != task.frames.rend(); ++raw) {
            const auto resolved = cache_.resolve(*raw);
            if (resolved.kind != sampler::CodeCache::Kind::kFrame) continue;
            found.stack = builder_.intern_stack(found.stack, resolved.frame);
            found.details.push_back({*raw, resolved.frame, std::nullopt, std::nullopt});
        }
        std::reverse(found.details.begin(), found.details.end());
        task_stacks_.push_back(std::move(found));
    }
}

void Dumper::take_tasks(const Profile& profile, ProcessDump& dump) {
    dump.tasks_whole = tasks_.whole;
    for (std::size_t i = 0; i < tasks_.tasks.size(); ++i) {
        dump.tasks.push_back(std::move(tasks_.tasks[i].task));
        dump.tasks.back().frames = frames_of(profile, task_stacks_[i].stack, task_stacks_[i].details);
    }
}

/// What is read of the frames themselves is read once, of the stacks that are shown; `locals` while those may stand still.
void Dumper::read_locals() {
    if (options_.locals == 0) return;
    sampler::LocalValues values(source_.memory, source_.runtime.layout, limits_of(options_.locals));
    for (std::vector<Found>* all : {&found_, &task_stacks_})
        for (Found& found : *all)
            for (FrameDetail& detail : found.details) detail.locals = values.read(detail.raw);
}

void Dumper::read_positions() {
    if (!options_.positions) return;
    for (std::vector<Found>* all : {&found_, &task_stacks_})
        for (Found& found : *all)
            for (FrameDetail& detail : found.details)
                detail.position = cpython::frame_position(source_.memory, source_.runtime.layout, detail.raw);
}

void Dumper::take_names() {
    std::map<std::pair<RemoteAddr, std::uint64_t>, std::string> names;
    for (const RemoteAddr interpreter : reader_.interpreters())
        for (auto& [ident, name] : cpython::read_thread_names(source_.memory, source_.runtime.layout, interpreter))
            names.emplace(std::pair(interpreter, ident), std::move(name));
    for (Found& found : found_)
        if (const auto name = names.find({found.interpreter, found.thread.ident}); name != names.end())
            found.thread.name = name->second;
}

Result<ProcessDump> Dumper::run() {
    if (options_.blocking && source_.process != nullptr) {
        // Finding out whether stopping is permitted wakes a thread, so they are asked what they do before.
        if (reader_.sweep() == cpython::StackReader::Outcome::kOk)
            for (const cpython::RawStack* stack : reader_.stacks())
                active_.try_emplace(stack->ident, is_active(source_.os_tid(*stack)));
        auto stopper = process::ThreadStopper::open(source_.pid);
        if (!stopper) return stopper.error();
        stopper_ = std::move(*stopper);
    }
    for (int i = 0; i < kSweeps; ++i)
        if (stopper_ ? sweep_stopped(i + 1 == kSweeps) : sweep()) break;
    if (found_.empty())
        return Error{ErrorCode::kTargetGone,
                     fmt::format("process {} ended or has no Python thread any more", source_.pid.value), "", 0};
    if (!stopper_) {
        read_tasks();
        read_locals();
    }
    read_positions();
    take_names();

    ProcessDump dump;
    dump.with_locals = options_.locals != 0;
    dump.with_source = options_.source;
    dump.from_core = source_.process == nullptr;
    dump.taken = std::chrono::system_clock::now();
    dump.qualified_names = source_.runtime.layout.code.qualname.present();
    dump.pid = source_.pid;
    dump.command_line = source_.command_line;
    dump.executable = source_.executable;
    dump.python_version = source_.runtime.version_text;
    const Profile profile = std::move(builder_).finish({});
    // CPython lists interpreters and threads newest first.
    std::optional<sampler::SourceLines> sources;
    if (options_.source && source_.process != nullptr) sources.emplace(*source_.process);
    for (auto found = found_.rbegin(); found != found_.rend(); ++found) {
        found->thread.frames = frames_of(profile, found->stack, found->details);
        for (DumpFrame& frame : found->thread.frames)
            if (sources && frame.line != 0) frame.source = sources->line(frame.file, frame.line).value_or("");
        dump.threads.push_back(std::move(found->thread));
    }
    take_tasks(profile, dump);
    for (DumpTask& task : dump.tasks)
        for (DumpFrame& frame : task.frames)
            if (sources && frame.line != 0) frame.source = sources->line(frame.file, frame.line).value_or("");
    return dump;
}

}  // namespace

Result<ProcessDump> sampler::take_dump(DumpSource& source, const DumpOptions& options) {
    return Dumper(source, options).run();
}

Result<ProcessDump> dump(Target& target, const DumpOptions& options) {
    Target::Impl& impl = target.impl();
    sampler::DumpSource source{.memory = *impl.memory,
                               .runtime = impl.runtime,
                               .files = impl.file_names(),
                               .os_tid = [&impl](const cpython::RawStack& stack) { return impl.os_tid(stack); },
                               .process = &impl.memory->process(),
                               .pid = impl.pid,
                               .command_line = impl.command_line,
                               .executable = impl.executable};
    return sampler::take_dump(source, options);
}

}  // namespace lampyr
