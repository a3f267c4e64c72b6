// SPDX-License-Identifier: MIT
#include <lampyr/dump.hpp>

#include "cpython/frame_position.hpp"
#include "cpython/thread_names.hpp"
#include "process/thread_registers.hpp"
#include "process/thread_status.hpp"
#include "process/thread_stopper.hpp"
#include "sampler/code_cache.hpp"
#include "sampler/collectors.hpp"
#include "sampler/dump_source.hpp"
#include "sampler/dump_tasks.hpp"
#include "sampler/local_values.hpp"
#include "sampler/native_stacks.hpp"
#include "sampler/source_lines.hpp"
#include "sampler/stack_resolver.hpp"
#include "sampler/target_impl.hpp"
#include "sampler/thread_exceptions.hpp"

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
/// `python`: the same stack without machine frames.
std::vector<DumpFrame> frames_of(const Profile& profile, StackId stack, StackId python,
                                 std::span<FrameDetail> details) {
    std::vector<DumpFrame> frames;
    for (; stack != kEmptyStack; stack = profile.stacks[stack.value].parent) {
        const StackNode& node = profile.stacks[stack.value];
        const Function& function = profile.function(node.frame);
        frames.push_back({profile.string(function.name), profile.string(function.file),
                          profile.string(function.short_file), profile.frames[node.frame.value].line, function.kind});
        if (python == kEmptyStack || profile.stacks[python.value].frame != node.frame) {
            frames.back().machine = function.kind != FunctionKind::kMarker;
            continue;
        }
        python = profile.stacks[python.value].parent;
        if (details.empty() || details.front().frame != node.frame) continue;
        add_detail(frames.back(), details.front());
        details = details.subspan(1);
    }
    return frames;
}

DumpAttachment attachment_of(cpython::Attachment attachment) {
    switch (attachment) {
        case cpython::Attachment::kDetached: return DumpAttachment::kDetached;
        case cpython::Attachment::kAttached: return DumpAttachment::kAttached;
        case cpython::Attachment::kSuspended: return DumpAttachment::kSuspended;
        case cpython::Attachment::kUnknown: break;
    }
    return DumpAttachment::kUnknown;
}

cpython::ValueLimits limits_of(unsigned locals) {
    if (locals == 1) return {};
    return {.characters = 4000, .items = 200, .depth = 6};
}

struct Found {
    DumpThread thread;
    RemoteAddr interpreter;
    RemoteAddr thread_state;  // null: gone
    StackId python = kEmptyStack;
    StackId stack = kEmptyStack;         // the same, with machine frames if they are wanted
    std::vector<FrameDetail> details{};  // innermost first; only when wanted
};

/// Sweeps until all stacks are proven, keeping each thread's latest; resolves them like a recording does.
class Dumper {
  public:
    Dumper(sampler::DumpSource& source, const DumpOptions& options)
        : source_(source),
          options_(options),
          reader_(source.memory, source.runtime.layout, {source.runtime.runtime, source.runtime.current_thread}),
          cache_(source.memory, source.runtime.layout, builder_, source.files),
          collectors_(source.memory, source.runtime) {
        if (source.process == nullptr) return;
        status_.emplace(*source.process);
        if (options.native) native_.emplace(*source.process, source.memory, source.runtime.runtime, builder_);
    }

    Result<ProcessDump> run();

  private:
    struct Doing {
        bool active = false;
        DumpAnswer waits_for_gil = DumpAnswer::kUnknown;
    };

    bool sweep();
    bool sweep_stopped(bool last);
    void copy_machine_stacks(std::span<const Tid> tids);
    void merge_machine_stacks();
    void resolve();
    void note_frames(const cpython::RawStack& stack, Found& found);
    void read_locals();
    void read_exceptions();
    void read_tasks();
    void take_tasks(const Profile& profile, ProcessDump& dump);
    void read_positions();
    [[nodiscard]] bool all_proven() const {
        return std::all_of(found_.begin(), found_.end(), [](const Found& found) { return found.thread.proven; });
    }
    void take_names();
    [[nodiscard]] bool is_active(Tid tid);
    [[nodiscard]] DumpAnswer waits_for_gil(Tid tid);
    void note_doing(const cpython::RawStack& stack);
    void take_doing(DumpThread& thread, const Doing& doing);

    sampler::DumpSource& source_;
    DumpOptions options_;
    profile::Builder builder_;
    cpython::StackReader reader_;
    sampler::CodeCache cache_;
    std::optional<process::ThreadStatusReader> status_;  // not of a core
    std::unique_ptr<process::ThreadStopper> stopper_;    // blocking or native only
    std::optional<sampler::NativeStacks> native_;        // with options.native only
    std::map<Tid, native::StackCopy> machine_;           // of native_
    std::vector<Found> found_;
    sampler::Collectors collectors_;
    std::map<std::uint64_t, Doing> doing_;  // by ident; with stopper_ only: before the first stop
    sampler::FoundTasks tasks_;
    std::vector<Found> task_stacks_;  // parallel to `tasks_`
};

bool Dumper::is_active(Tid tid) {
    return status_ && (tid.value == 0 || status_->state(tid) == process::RunState::kRunning);
}

/// Who waits for the GIL sleeps on a futex that is part of it.
DumpAnswer Dumper::waits_for_gil(Tid tid) {
    if (tid.value == 0 || source_.runtime.layout.gil_rule == cpython::GilRule::kCurrentThreadSymbol)
        return DumpAnswer::kUnknown;
    if (status_ && status_->source() == process::ThreadStatusReader::Source::kStat) return DumpAnswer::kUnknown;
    const auto futex = status_ ? status_->futex(tid) : source_.futex(tid);
    return futex && reader_.is_part_of_gil(RemoteAddr(*futex)) ? DumpAnswer::kYes : DumpAnswer::kNo;
}

/// A thread we have stopped before wakes for a moment; what it did before the first stop is what counts.
void Dumper::note_doing(const cpython::RawStack& stack) {
    if (doing_.contains(stack.ident)) return;
    const Tid tid = source_.os_tid(stack);
    doing_.emplace(stack.ident, Doing{is_active(tid), waits_for_gil(tid)});
}

/// Asked at other moments than who holds the GIL, which counts.
void Dumper::take_doing(DumpThread& thread, const Doing& doing) {
    thread.active = doing.active;
    const bool got_it = thread.holds_gil && doing.waits_for_gil == DumpAnswer::kYes;
    thread.waits_for_gil = got_it ? DumpAnswer::kNo : doing.waits_for_gil;
}

/// One sweep; true when every stack in it is proven.
bool Dumper::sweep() {
    collectors_.begin(reader_.interpreters());
    if (reader_.sweep() != cpython::StackReader::Outcome::kOk) return false;
    resolve();
    for (Found& found : found_) {
        const Tid tid = found.thread.os_tid;
        take_doing(found.thread, {is_active(tid), waits_for_gil(tid)});
    }
    return !reader_.list_broken() && all_proven();
}

/// While the threads are held.
void Dumper::copy_machine_stacks(std::span<const Tid> tids) {
    if (!native_) return;
    for (const Tid tid : tids) native_->copy(tid, machine_.at(tid));
}

/// When they run again.
void Dumper::merge_machine_stacks() {
    if (!native_) return;
    std::array<std::uint64_t, kLossCount> losses{};
    native_->refresh({});
    for (std::size_t i = 0; i < found_.size(); ++i) {
        const cpython::RawStack& stack = *reader_.stacks()[i];
        const bool readable =
            stack.status == cpython::StackStatus::kOk || stack.status == cpython::StackStatus::kNoFrame;
        if (readable)
            found_[i].stack = native_->merge(stack, found_[i].python, machine_[found_[i].thread.os_tid], losses);
    }
}

/// The same with the Python threads held; whether they ran is asked before. For machine frames alone they are held no longer
/// than it takes to copy.
bool Dumper::sweep_stopped(bool last) {
    if (reader_.sweep() != cpython::StackReader::Outcome::kOk) return false;
    std::vector<Tid> tids;
    for (const cpython::RawStack* stack : reader_.stacks()) {
        note_doing(*stack);
        if (const Tid tid = source_.os_tid(*stack); tid.value != 0) tids.push_back(tid);
    }
    if (native_)  // a dump may have one attempt only, so there is room for all of a stack
        for (const Tid tid : tids) machine_.try_emplace(tid, native::StackCopy::kMostBytes).first->second.make_room();
    bool ok = false;
    stopper_->during_stop(tids, [&](const process::StopOutcome&) {
        collectors_.begin(reader_.interpreters());
        copy_machine_stacks(tids);
        ok = reader_.sweep() == cpython::StackReader::Outcome::kOk;
        if (!options_.blocking) return;
        if (ok) resolve();
        if (!ok || !(last || all_proven())) return;
        read_tasks();
        read_locals();
        read_exceptions();
    });
    if (ok && !options_.blocking) resolve();
    if (ok) merge_machine_stacks();
    for (Found& found : found_) take_doing(found.thread, doing_[found.thread.ident]);
    return ok && all_proven();
}

void Dumper::resolve() {
    found_.clear();
    std::array<std::uint64_t, kLossCount> losses{};
    for (const cpython::RawStack* stack : reader_.stacks()) {
        Found found;
        found.interpreter = stack->interpreter;
        if (stack->status != cpython::StackStatus::kStale) found.thread_state = stack->tstate;
        found.thread.ident = stack->ident;
        found.thread.os_tid = source_.os_tid(*stack);
        found.thread.holds_gil = stack->holds_gil;
        found.thread.interpreter = stack->interpreter_id;
        found.thread.proven =
            stack->status == cpython::StackStatus::kNoFrame ||
            (stack->status == cpython::StackStatus::kOk && stack->root_reached && stack->unproven == 0);
        sampler::StackResolver resolver;
        if (stack->status == cpython::StackStatus::kOk)
            found.python = resolver.resolve(*stack, cache_, builder_, reader_.code_generation(), {}, losses);
        found.stack = found.python;
        found.thread.proven = found.thread.proven && resolver.last_proven();
        if (options_.positions || options_.locals != 0) note_frames(*stack, found);
        found.thread.attachment =
            attachment_of(cpython::attachment(source_.memory, source_.runtime.layout, found.thread_state));
        collectors_.judge(*stack);
        found_.push_back(std::move(found));
    }
    collectors_.finish();
    for (Found& found : found_) found.thread.collects_garbage = collectors_.told(found.thread_state);
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
        dump.tasks.back().frames =
            frames_of(profile, task_stacks_[i].stack, task_stacks_[i].stack, task_stacks_[i].details);
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

void Dumper::read_exceptions() {
    cpython::ExceptionReader reader(source_.memory, source_.runtime.layout, limits_of(std::max(options_.locals, 1U)));
    for (Found& found : found_) found.thread.exceptions = sampler::thread_exceptions(reader, found.thread_state);
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
    const bool found_threads = reader_.sweep() == cpython::StackReader::Outcome::kOk;
    if ((options_.blocking || options_.native) && source_.process != nullptr) {
        // Finding out whether stopping is permitted wakes a thread, so they are asked what they do before.
        if (found_threads)
            for (const cpython::RawStack* stack : reader_.stacks()) note_doing(*stack);
        auto stopper = process::ThreadStopper::open(source_.pid);
        if (!stopper) return stopper.error();
        stopper_ = std::move(*stopper);
    }
    for (int i = 0; i < kSweeps; ++i)
        if (stopper_ ? sweep_stopped(i + 1 == kSweeps) : sweep()) break;
    if (found_.empty())
        return Error{ErrorCode::kTargetGone,
                     fmt::format("process {} ended or has no Python thread any more", source_.pid.value), "", 0};
    if (!options_.blocking || !stopper_) {
        read_tasks();
        read_locals();
        read_exceptions();
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
        found->thread.frames = frames_of(profile, found->stack, found->python, found->details);
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
    if (options.native && !process::registers_readable())
        return Error{ErrorCode::kUsage, "native frames can be read on x86-64 only", "leave --native out"};
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
