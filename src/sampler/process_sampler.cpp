// SPDX-License-Identifier: MIT
#include "sampler/process_sampler.hpp"

#include "cpython/thread_identity.hpp"
#include "cpython/thread_names.hpp"
#include "process/process_usage.hpp"
#include "sampler/renamed_stack.hpp"

#include <algorithm>

namespace lampyr::sampler {

namespace {

/// Names are proven at least this often.
constexpr std::chrono::milliseconds kNamesProvenEvery{50};
/// The kernel is asked at least this often about a thread that runs by all that is seen of it. Shorter than a slice of the
/// scheduler by far, so that the moment a thread loses its CPU is known.
constexpr std::chrono::microseconds kAskEvery{50};
/// This long after a thread had to wait for a CPU it is asked about at every tick.
constexpr std::chrono::milliseconds kCalmAfter{100};
/// Whether stacks in doubt are to be claimed is asked so often, and for so long.
constexpr std::chrono::seconds kDoubtsSettledEvery{1};
constexpr std::chrono::seconds kDoubtsKept{60};
constexpr std::size_t kMostPrepared = 64;  ///< threads that are looked at before the first tick

}  // namespace

ProcessSampler::ProcessSampler(Target::Impl& target, profile::Builder& builder, const SamplerOptions& options)
    : target_(target),
      builder_(builder),
      options_(options),
      reader_(target.source(), target.runtime.layout, target.anchor()),
      files_(target.file_names()),
      cache_(target.source(), target.runtime.layout, builder, files_),
      doubts_(builder),
      status_(target.memory->process()),
      cpu_(target.memory->process()),
      cpu_weights_(!options.include_idle && !options.gil_only) {
    Process process;
    process.pid = target.pid;
    process.command_line = builder.intern_string(target.command_line);
    process.executable = builder.intern_string(target.executable);
    process.python_version = builder.intern_string(target.runtime.version_text);
    row_ = builder.add_process(process);
}

Result<std::unique_ptr<ProcessSampler>> ProcessSampler::open(Target::Impl& target, profile::Builder& builder,
                                                             const SamplerOptions& options) {
    auto sampler = std::unique_ptr<ProcessSampler>(new ProcessSampler(target, builder, options));
    if (options.blocking || options.native) {
        auto stopper = process::ThreadStopper::open(target.pid);
        if (!stopper) return stopper.error();
        sampler->stopper_ = std::move(*stopper);
    }
    if (options.native)
        sampler->native_ =
            std::make_unique<NativeStacks>(target.memory->process(), target.source(), target.runtime.runtime, builder);
    if (options.tasks) sampler->tasks_ = std::make_unique<TaskStacks>(target, builder, sampler->cache_);
    if (options.audit_hz > 0) {
        auto auditor = Auditor::open(target, builder);
        if (!auditor) return auditor.error();
        sampler->auditor_ = std::move(*auditor);
    }
    return sampler;
}

/// Symbols and debug information of the modules that machine stacks go through take tens of milliseconds to read, for libc alone
/// if its debug file is compressed. The stacks of now tell which modules these are.
void ProcessSampler::prepare() {
    if (!native_ || reader_.sweep() != cpython::StackReader::Outcome::kOk) return;
    native_->refresh(std::chrono::nanoseconds(0));
    native::StackCopy machine;
    std::size_t threads = 0;
    for (const cpython::RawStack* stack : reader_.stacks()) {
        const Tid tid = target_.os_tid(*stack);
        if (tid.value == 0) continue;
        if (++threads > kMostPrepared) break;
        machine.make_room();
        stopper_->during_stop({&tid, 1}, [&](const process::StopOutcome&) { native_->copy(tid, machine); });
        native_->prepare(machine);
    }
}

process::StopStatistics ProcessSampler::stops() const {
    if (auditor_) return auditor_->stops();
    return stopper_ ? stopper_->statistics() : process::StopStatistics{};
}

/// Who waits for the GIL sleeps on a futex that is part of it.
bool ProcessSampler::waits_for_gil(const Track& track) {
    if (track.os_tid.value == 0) return false;
    const auto futex = status_.futex(track.os_tid);
    return futex && reader_.is_part_of_gil(RemoteAddr(*futex));
}

ProcessUsage ProcessSampler::usage() const {
    const process::Usage usage = process::read_usage(target_.memory->process());
    return {target_.pid, usage.cpu, usage.rss_bytes, thread_count()};
}

std::uint64_t ProcessSampler::read_calls() const { return target_.memory->calls(); }

ProcessSampler::Track ProcessSampler::make_track(const cpython::RawStack& stack) {
    Track track;
    track.tstate = stack.tstate;
    track.interpreter = stack.interpreter;
    track.ident = stack.ident;
    track.os_tid = target_.os_tid(stack);
    Thread thread;
    thread.process = row_;
    thread.os_tid = track.os_tid;
    thread.ident = stack.ident;
    thread.name = builder_.intern_string("");
    track.row = builder_.add_thread(thread);
    names_wanted_ = true;
    return track;
}

/// Brings `tracks_` in line with the reader's list after threads came or went. A thread state's address may be used again,
/// so the thread's ident must agree too.
void ProcessSampler::match_tracks(std::chrono::nanoseconds when, Tally& tally) {
    const auto& stacks = reader_.stacks();
    std::vector<Track> old = std::move(tracks_);
    tracks_.clear();
    tracks_.reserve(stacks.size());
    std::size_t hint = 0;  // lists mostly keep their order
    for (const cpython::RawStack* stack : stacks) {
        const auto same = [&](const Track& track) {
            return track.tstate == stack->tstate && track.ident == stack->ident;
        };
        auto found = old.end();
        if (hint < old.size()) found = std::find_if(old.begin() + static_cast<std::ptrdiff_t>(hint), old.end(), same);
        if (found == old.end()) found = std::find_if(old.begin(), old.end(), same);
        if (found == old.end()) {
            tracks_.push_back(make_track(*stack));
            look(tracks_.back(), when, tally);
            continue;
        }
        hint = static_cast<std::size_t>(found - old.begin()) + 1;
        tracks_.push_back(std::move(*found));
        found->tstate = RemoteAddr();
    }
    for (Track& track : old)
        if (!track.tstate.is_null()) give(track.share.finish(), tally);
    list_version_ = reader_.thread_list_version();
}

/// A new thread state carries no ident, or its creator's, until its thread has begun to run.
bool ProcessSampler::tracks_match() const {
    if (reader_.thread_list_version() != list_version_) return false;
    const auto& stacks = reader_.stacks();
    return std::equal(stacks.begin(), stacks.end(), tracks_.begin(), tracks_.end(),
                      [](const cpython::RawStack* stack, const Track& track) { return stack->ident == track.ident; });
}

void ProcessSampler::refresh_names() {
    if (!names_wanted_) return;
    names_wanted_ = false;
    // Each interpreter has a `threading` of its own, and one thread may be known to several.
    std::map<std::pair<RemoteAddr, std::uint64_t>, std::string> names;
    for (const RemoteAddr interpreter : reader_.interpreters())
        for (auto& [ident, name] : cpython::read_thread_names(target_.source(), target_.runtime.layout, interpreter))
            names.emplace(std::pair(interpreter, ident), std::move(name));
    for (const Track& track : tracks_) {
        const auto found = names.find({track.interpreter, track.ident});
        if (found != names.end())
            builder_.rename_thread(track.row, builder_.intern_string(found->second));
        else if (builder_.string(builder_.thread(track.row).name).empty())
            names_wanted_ = true;  // `threading` may not know it yet
    }
}

void ProcessSampler::give(std::span<const CpuShare::Given> weights, Tally& tally) {
    for (const CpuShare::Given& given : weights) {
        builder_.add_weight(given.row, given.weight);
        tally.cpu.given += given.weight;
        tally.effective.add(given.weight, given.samples);
    }
}

/// Asks the kernel about a thread, and weighs its samples when that shows what they were.
void ProcessSampler::look(Track& track, std::chrono::nanoseconds when, Tally& tally) {
    track.look_owed = false;
    if (track.os_tid.value == 0) return;
    track.looked_at = when;
    track.clock.look(track.os_tid, cpu_, status_);
    if (!track.clock.changed()) return;
    const CpuShare::Change& change = track.clock.change();
    tally.cpu.ran += change.ran;
    tally.cpu.waited += change.waited;
    if (change.waited * 16 > change.ran) track.calm_from = when + kCalmAfter;
    const std::uint64_t waiting_before = track.share.waiting();
    give(track.share.settle(change, when), tally);
    tally.cpu.waiting_samples += track.share.waiting() - waiting_before;
}

/// Before the stacks are read: a thread that did not run by now has the stack it had. And a thread that is held while it is
/// read (blocking mode) no longer says whether it ran.
void ProcessSampler::look_at_threads(std::chrono::nanoseconds when, Tally& tally) {
    const bool match = tracks_match();
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
        Track& track = tracks_[i];
        track.look_owed = surely_runs(track, when);
        if (!track.look_owed) look(track, when, tally);
        if (match) reader_.set_still(i, !track.look_owed && track.os_tid.value != 0 && !track.clock.moved());
    }
}

/// A thread that held the GIL at the last sweep and was asked about a moment ago. If its stack has changed by the next sweep and
/// it still holds the GIL, it runs, and the kernel need not be asked. But where threads compete for CPUs it may have waited
/// in between, and CpuShare must see each change by itself.
bool ProcessSampler::surely_runs(const Track& track, std::chrono::nanoseconds when) {
    return track.held_gil && track.clock.counted() && track.clock.state() == process::RunState::kRunning &&
           when - track.looked_at < kAskEvery && when >= track.calm_from;
}

/// Proves the names that were lent without proof since the last time. What was counted under a name that is another's by
/// now goes under none.
void ProcessSampler::check_names(std::chrono::nanoseconds when, Tally& tally) {
    if (!cache_.some_wait()) return;
    names_checked_ = when;
    const std::span<const FunctionId> changed = cache_.check_waiting();
    if (!changed.empty()) {
        for (const HeldRows::Held& held : held_.held()) {
            const Sample& sample = builder_.sample(held.row);
            const StackId stack = without_names_of(builder_, sample.stack, changed);
            if (stack == sample.stack || sample.count == held.count) continue;
            tally.losses[static_cast<std::size_t>(Loss::kReusedCode)] += sample.count - held.count;
            const SampleId row = builder_.set_apart(held.row, held.count, held.weight, stack);
            for (Track& track : tracks_) track.share.redirect(held.row, row);
            doubts_.follow(held.row, row);
        }
    }
    held_.release();
    if (when - doubts_settled_ >= kDoubtsSettledEvery) settle_doubts(when, when - kDoubtsKept, tally);
}

void ProcessSampler::settle_doubts(std::chrono::nanoseconds when, std::chrono::nanoseconds before, Tally& tally) {
    doubts_settled_ = when;
    const auto recognise = [this](std::span<cpython::RawFrame> frames, std::uint64_t apart) {
        return reader_.recognise(frames, apart);
    };
    for (const DoubtfulStacks::Moved& moved : doubts_.settle(recognise, cache_, before)) {
        tally.losses[static_cast<std::size_t>(Loss::kUnproven)] -= moved.claimed;
        for (Track& track : tracks_) track.share.redirect(moved.from, moved.to);
    }
}

void ProcessSampler::settle(std::chrono::nanoseconds when, Tally& tally) {
    check_names(when, tally);
    settle_doubts(when, std::chrono::nanoseconds::max(), tally);
}

ThreadState ProcessSampler::state_of(const Track& track, const cpython::RawStack& stack) {
    switch (track.clock.state()) {
        case process::RunState::kRunning: return stack.holds_gil ? ThreadState::kRunningGil : ThreadState::kRunning;
        case process::RunState::kBlocked: return ThreadState::kIdle;
        case process::RunState::kGone: return ThreadState::kIdle;
        case process::RunState::kUnknown: break;
    }
    return ThreadState::kUnknown;
}

void ProcessSampler::add_sample(Track& track, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                                std::chrono::nanoseconds span, Tally& tally) {
    const bool weighed_later = cpu_weights_ && track.clock.counted();
    const std::chrono::nanoseconds weight = weighed_later ? std::chrono::nanoseconds(0) : span;
    const SampleId row = builder_.add_sample(track.row, stack, state, start, span, weight);
    doubts_.note(row);
    if (cache_.some_wait()) held_.note(builder_, row, weight);
    if (weighed_later)
        give(track.share.add(row, span, start), tally);
    else if (cpu_weights_)
        ++tally.cpu.uncounted_samples;
}

/// With machine frames and tasks if they are asked for. A thread in C code that no Python called has these only.
StackId ProcessSampler::stack_of(Track& track, const cpython::RawStack& stack, std::chrono::nanoseconds start,
                                 std::uint64_t generation, Tally& tally) {
    StackId id = kEmptyStack;
    if (stack.status != cpython::StackStatus::kNoFrame) {
        id = track.resolver.resolve(stack, cache_, builder_, generation, start, tally.losses);
        if (id == kEmptyStack) return id;
        id = doubts_.mark(stack, id, start);
    }
    if (native_) id = native_->merge(stack, id, track.machine, tally.losses);
    return tasks_ ? tasks_->place(stack, id, track.task, start, tally.losses) : id;
}

void ProcessSampler::look_at_tasks(std::chrono::nanoseconds start) {
    if (!tasks_) return;
    if (const cpython::Offset word = tasks_->running_task(); word != watched_) {
        watched_ = word;
        reader_.watch(word);
    }
    tasks_->look(reader_.stacks(), start);
}

void ProcessSampler::add_stacks(std::chrono::nanoseconds start, std::chrono::nanoseconds span, Tally& tally) {
    const auto& stacks = reader_.stacks();
    const std::uint64_t generation = reader_.code_generation();
    bool held = false;
    for (std::size_t i = 0; i < stacks.size(); ++i) {
        const cpython::RawStack& stack = *stacks[i];
        Track& track = tracks_[i];
        held = held || stack.holds_gil;
        if (track.look_owed && (!stack.holds_gil || stack.serial == track.serial)) look(track, start, tally);
        track.serial = stack.serial;
        track.held_gil = stack.holds_gil;
        if (stack.status == cpython::StackStatus::kUnreadable || stack.status == cpython::StackStatus::kStale) {
            ++tally.losses[static_cast<std::size_t>(Loss::kUnreadable)];
            continue;
        }
        const bool no_frame = stack.status == cpython::StackStatus::kNoFrame;
        if ((no_frame && !track.machine.taken()) || stack.ident == 0) continue;
        if (options_.gil_only && !stack.holds_gil) continue;
        const ThreadState state = state_of(track, stack);
        ++(state == ThreadState::kIdle ? tally.idle_seen : tally.active_seen);
        if (state == ThreadState::kIdle && options_.usage && waits_for_gil(track)) ++tally.gil_waiting;
        if (state == ThreadState::kIdle && !options_.include_idle && !options_.gil_only) {
            ++tally.idle_stacks;
            continue;
        }
        const StackId id = stack_of(track, stack, start, generation, tally);
        if (id != kEmptyStack) add_sample(track, id, state, start, span, tally);
    }
    ++tally.sweeps;
    if (held) ++tally.gil_held;
}

cpython::StackReader::Outcome ProcessSampler::sweep(std::chrono::nanoseconds start, std::chrono::nanoseconds span,
                                                    Tally& tally) {
    const auto outcome = reader_.sweep();
    if (outcome != cpython::StackReader::Outcome::kOk) return outcome;
    look_at_tasks(start);
    if (!tracks_match()) match_tracks(start, tally);
    add_stacks(start, span, tally);
    if (start - names_checked_ >= kNamesProvenEvery) check_names(start, tally);
    return outcome;
}

/// What is read of the threads is copied while they are held, and looked at when they run again. A target that cannot be held this
/// time (a thread in vfork, say) is read as it runs: the sample is kept, and proven or marked like any other.
cpython::StackReader::Outcome ProcessSampler::sweep_stopped(std::chrono::nanoseconds start,
                                                            std::chrono::nanoseconds span, Tally& tally) {
    using Swept = cpython::StackReader::Outcome;
    if (tracks_.empty() || reader_.stacks().size() != tracks_.size()) {  // who is to be stopped is not known (any more)
        foreseen_ = false;
        if (const Swept outcome = reader_.sweep(); outcome != Swept::kOk) return outcome;
        match_tracks(start, tally);
    }
    choose_stopped();
    if (!foreseen_ || !sweep_copies()) {
        if (!tracks_match()) match_tracks(start, tally);
        choose_stopped();
        const std::optional<Swept> held = sweep_held();
        const Swept outcome = held ? *held : reader_.sweep();
        foreseen_ = held && outcome == Swept::kOk && held_as_foreseen();
        if (outcome != Swept::kOk) return outcome;
    }
    look_at_tasks(start);
    if (!tracks_match()) match_tracks(start, tally);
    if (native_) native_->refresh(start);
    add_stacks(start, span, tally);
    if (start - names_checked_ >= kNamesProvenEvery) check_names(start, tally);
    return Swept::kOk;
}

/// All threads with `blocking`; else, for their machine frames, those whose stacks will count.
void ProcessSampler::choose_stopped() {
    to_stop_.clear();
    held_tracks_.clear();
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
        Track& track = tracks_[i];
        track.machine.clear();
        const bool left_out = !options_.blocking && !options_.include_idle && !options_.gil_only &&
                              track.clock.state() == process::RunState::kBlocked;
        if (track.os_tid.value == 0 || left_out) continue;
        to_stop_.push_back(track.os_tid);
        held_tracks_.push_back(i);
    }
}

/// One thread after another is held, just for the copy of what its stacks need by the last sweep; then all of it is read out of the
/// copies. With `blocking` all are held at once. False: some stack was not where it was sought, and would be one of a moment
/// later than the machine stack.
bool ProcessSampler::sweep_copies() {
    copies_.assign(tracks_.size(), nullptr);
    if (native_ && !options_.blocking && !stopper_->crowded())
        copy_each();
    else
        copy_at_once();
    return reader_.sweep_copies(copies_) == cpython::StackReader::Outcome::kOk && held_as_foreseen();
}

void ProcessSampler::copy_each() {
    bool interpreters = false;
    for (std::size_t i = 0; i < to_stop_.size(); ++i) {
        native::StackCopy& machine = tracks_[held_tracks_[i]].machine;
        ranges_.clear();
        if (!interpreters) reader_.foresee_interpreters(ranges_);
        reader_.foresee(held_tracks_[i], ranges_);
        machine.make_room(ranges_);
        const process::StopOutcome outcome = stopper_->during_stop(
            {&to_stop_[i], 1}, [&](const process::StopOutcome&) { native_->copy(to_stop_[i], machine); });
        interpreters = interpreters || machine.taken();
        if (machine.taken()) copies_[held_tracks_[i]] = &machine.copy();
        if (outcome.late > 0) break;  // each that is late would delay this sample by the deadline
    }
}

void ProcessSampler::copy_at_once() {
    ranges_.clear();
    reader_.foresee_interpreters(ranges_);
    for (const std::size_t track : held_tracks_) reader_.foresee(track, ranges_);
    all_.plan(ranges_, 0);
    if (native_)
        for (const std::size_t track : held_tracks_) tracks_[track].machine.make_room();
    stopper_->during_stop(to_stop_, [&](const process::StopOutcome&) {
        static_cast<void>(all_.take(target_.source(), {}));
        for (std::size_t i = 0; native_ && i < to_stop_.size(); ++i)
            native_->copy(to_stop_[i], tracks_[held_tracks_[i]].machine);
    });
    if (!all_.taken()) return;
    for (std::size_t i = 0; i < to_stop_.size(); ++i)
        if (stopper_->threads()[i].result == process::StopResult::kStopped) copies_[held_tracks_[i]] = &all_;
}

/// The threads that were held are those of the tracks, and their stacks were where they were sought.
bool ProcessSampler::held_as_foreseen() const {
    if (!reader_.read_whole() || !tracks_match()) return false;
    return std::all_of(held_tracks_.begin(), held_tracks_.end(), [this](std::size_t track) {
        const cpython::RawStack& stack = *reader_.stacks()[track];
        return !stack.mispredicted || stack.serial == tracks_[track].serial;
    });
}

/// Nothing is foreseen: all are held while the sweep is made, registers and machine stacks copied. Nothing: they could not be held.
std::optional<cpython::StackReader::Outcome> ProcessSampler::sweep_held() {
    std::optional<cpython::StackReader::Outcome> outcome;
    if (native_)
        for (const std::size_t track : held_tracks_) tracks_[track].machine.make_room();
    stopper_->during_stop(to_stop_, [&](const process::StopOutcome&) {
        for (std::size_t i = 0; native_ && i < to_stop_.size(); ++i)
            native_->copy(to_stop_[i], tracks_[held_tracks_[i]].machine);
        outcome = reader_.sweep();
    });
    return outcome;
}

void ProcessSampler::audit(std::chrono::nanoseconds start, std::chrono::nanoseconds span) {
    if (!auditor_) return;
    subjects_.clear();
    for (const Track& track : tracks_) subjects_.push_back({track.tstate, track.ident, track.os_tid, track.row});
    auditor_->sample(subjects_, start, span);
}

std::optional<profile::WeighedSamples> ProcessSampler::take_audit() {
    if (!auditor_) return std::nullopt;
    return std::move(*auditor_).finish();
}

void ProcessSampler::name_rows_in_use(std::vector<SampleId>& rows) const {
    for (const HeldRows::Held& held : held_.held()) rows.push_back(held.row);
    doubts_.name_rows(rows);
    for (const Track& track : tracks_) track.share.name_rows(rows);
}

void ProcessSampler::finish(std::chrono::nanoseconds when, Tally& tally) {
    settle(when, tally);
    for (Track& track : tracks_) {
        look(track, when, tally);
        give(track.share.finish(), tally);
    }
}

ProcessSampler::Outcome ProcessSampler::tick(std::chrono::nanoseconds start, std::chrono::nanoseconds span,
                                             Tally& tally) {
    look_at_threads(start, tally);
    switch (stopper_ ? sweep_stopped(start, span, tally) : sweep(start, span, tally)) {
        case cpython::StackReader::Outcome::kOk: return Outcome::kSampled;
        case cpython::StackReader::Outcome::kNoInterpreter: return Outcome::kNothingYet;
        case cpython::StackReader::Outcome::kUnreadable: break;
    }
    return Outcome::kGone;
}

}  // namespace lampyr::sampler
