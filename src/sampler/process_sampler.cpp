// SPDX-License-Identifier: MIT
#include "sampler/process_sampler.hpp"

#include "cpython/thread_identity.hpp"
#include "cpython/thread_names.hpp"

#include <algorithm>

namespace lampyr::sampler {

ProcessSampler::ProcessSampler(Target::Impl& target, profile::Builder& builder, const SamplerOptions& options)
    : target_(target),
      builder_(builder),
      options_(options),
      reader_(*target.memory, target.runtime.layout, target.anchor()),
      files_(target.file_names()),
      cache_(*target.memory, target.runtime.layout, builder, files_),
      status_(target.memory->process()) {
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
    if (options.blocking) {
        auto stopper = process::ThreadStopper::open(target.pid);
        if (!stopper) return stopper.error();
        sampler->stopper_ = std::move(*stopper);
    }
    return sampler;
}

process::StopStatistics ProcessSampler::stops() const {
    return stopper_ ? stopper_->statistics() : process::StopStatistics{};
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
void ProcessSampler::match_tracks() {
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
            continue;
        }
        hint = static_cast<std::size_t>(found - old.begin()) + 1;
        tracks_.push_back(std::move(*found));
        found->tstate = RemoteAddr();
    }
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
        for (auto& [ident, name] : cpython::read_thread_names(*target_.memory, target_.runtime.layout, interpreter))
            names.emplace(std::pair(interpreter, ident), std::move(name));
    for (const Track& track : tracks_) {
        const auto found = names.find({track.interpreter, track.ident});
        if (found != names.end())
            builder_.rename_thread(track.row, builder_.intern_string(found->second));
        else if (builder_.string(builder_.thread(track.row).name).empty())
            names_wanted_ = true;  // `threading` may not know it yet
    }
}

ThreadState ProcessSampler::state_of(const Track& track, const cpython::RawStack& stack) {
    if (track.os_tid.value == 0) return ThreadState::kUnknown;
    switch (status_.state(track.os_tid)) {
        case process::RunState::kRunning: return stack.holds_gil ? ThreadState::kRunningGil : ThreadState::kRunning;
        case process::RunState::kBlocked: return ThreadState::kIdle;
        case process::RunState::kGone: return ThreadState::kIdle;
        case process::RunState::kUnknown: break;
    }
    return ThreadState::kUnknown;
}

/// A stopped thread no longer says whether it ran, so it is asked before the stop.
void ProcessSampler::note_states() {
    to_stop_.clear();
    states_before_.clear();
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
        states_before_.push_back(state_of(tracks_[i], *reader_.stacks()[i]));
        if (tracks_[i].os_tid.value != 0) to_stop_.push_back(tracks_[i].os_tid);
    }
}

void ProcessSampler::add_stacks(std::chrono::nanoseconds start, std::chrono::nanoseconds weight, Tally& tally) {
    const auto& stacks = reader_.stacks();
    const std::uint64_t generation = reader_.code_generation();
    for (std::size_t i = 0; i < stacks.size(); ++i) {
        const cpython::RawStack& stack = *stacks[i];
        Track& track = tracks_[i];
        if (stack.status == cpython::StackStatus::kUnreadable || stack.status == cpython::StackStatus::kStale) {
            ++tally.losses[static_cast<std::size_t>(Loss::kUnreadable)];
            continue;
        }
        if (stack.status == cpython::StackStatus::kNoFrame || stack.ident == 0) continue;
        if (options_.gil_only && !stack.holds_gil) continue;
        const ThreadState state = i < states_before_.size() ? states_before_[i] : state_of(track, stack);
        if (state == ThreadState::kIdle && !options_.include_idle && !options_.gil_only) {
            ++tally.idle_stacks;
            continue;
        }
        const StackId id = track.resolver.resolve(stack, cache_, builder_, generation, tally.losses);
        if (id != kEmptyStack) builder_.add_sample(track.row, id, state, start, weight);
    }
}

cpython::StackReader::Outcome ProcessSampler::sweep(std::chrono::nanoseconds start, std::chrono::nanoseconds weight,
                                                    Tally& tally) {
    const auto outcome = reader_.sweep();
    if (outcome != cpython::StackReader::Outcome::kOk) return outcome;
    if (!tracks_match()) {
        match_tracks();
        states_before_.clear();
    }
    add_stacks(start, weight, tally);
    return outcome;
}

/// All reads happen while the threads are held. A target that cannot be held this time (a thread in vfork, say) is read as
/// it runs: the sample is kept, and proven or marked like any other.
cpython::StackReader::Outcome ProcessSampler::sweep_stopped(std::chrono::nanoseconds start,
                                                            std::chrono::nanoseconds weight, Tally& tally) {
    auto outcome = cpython::StackReader::Outcome::kOk;
    if (tracks_.empty() || reader_.stacks().size() != tracks_.size()) {  // who is to be stopped is not known (any more)
        outcome = reader_.sweep();
        if (outcome != cpython::StackReader::Outcome::kOk) return outcome;
        match_tracks();
    }
    note_states();
    bool read = false;
    stopper_->during_stop(to_stop_, [&](const process::StopOutcome&) {
        read = true;
        outcome = sweep(start, weight, tally);
    });
    return read ? outcome : sweep(start, weight, tally);
}

ProcessSampler::Outcome ProcessSampler::tick(std::chrono::nanoseconds start, std::chrono::nanoseconds weight,
                                             Tally& tally) {
    switch (stopper_ ? sweep_stopped(start, weight, tally) : sweep(start, weight, tally)) {
        case cpython::StackReader::Outcome::kOk: return Outcome::kSampled;
        case cpython::StackReader::Outcome::kNoInterpreter: return Outcome::kNothingYet;
        case cpython::StackReader::Outcome::kUnreadable: break;
    }
    return Outcome::kGone;
}

}  // namespace lampyr::sampler
