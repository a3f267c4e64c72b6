// SPDX-License-Identifier: MIT
#include "sampler/auditor.hpp"

#include <algorithm>
#include <array>

namespace lampyr::sampler {

namespace {
/// More threads are not stopped at once; where more run, they take turns.
constexpr std::size_t kMostStopped = 8;
/// A thread that waits for a CPU cannot stop, and those that have stopped would wait with it.
constexpr std::chrono::milliseconds kDeadline{2};
}  // namespace

Auditor::Auditor(Target::Impl& target, profile::Builder& builder, std::unique_ptr<process::ThreadStopper> stopper)
    : builder_(builder),
      reader_(target.source(), target.runtime.layout, target.anchor()),
      files_(target.file_names()),
      cache_(target.source(), target.runtime.layout, builder, files_),
      status_(target.memory->process()),
      cpu_(target.memory->process()),
      stopper_(std::move(stopper)) {}

Result<std::unique_ptr<Auditor>> Auditor::open(Target::Impl& target, profile::Builder& builder) {
    auto stopper = process::ThreadStopper::open(target.pid, kDeadline);
    if (!stopper) return stopper.error();
    return std::unique_ptr<Auditor>(new Auditor(target, builder, std::move(*stopper)));
}

void Auditor::give(std::span<const CpuShare::Given> weights) {
    for (const CpuShare::Given& given : weights) {
        samples_.add_weight(given.row.value, given.weight);
        effective_.add(given.weight, given.samples);
    }
}

/// Those that run, as far as the kernel says.
void Auditor::choose(std::span<const Subject> subjects, nanoseconds when) {
    chosen_.clear();
    for (const Subject& subject : subjects) {
        if (subject.tid.value == 0) continue;
        Track& track = tracks_[subject.row];
        track.clock.look(subject.tid, cpu_, status_);
        if (track.clock.changed()) give(track.share.settle(track.clock.change(), when));
        if (!track.clock.counted() || track.clock.state() != process::RunState::kRunning) continue;
        const auto switches = status_.voluntary_switches(subject.tid);
        // Asked again, so that the count holds none of a wait that goes on.
        if (switches && status_.state(subject.tid) == process::RunState::kRunning)
            chosen_.push_back({&subject, &track, *switches});
    }
    if (chosen_.size() <= kMostStopped) return;
    turn_ = (turn_ + kMostStopped) % chosen_.size();
    std::rotate(chosen_.begin(), chosen_.begin() + static_cast<std::ptrdiff_t>(turn_), chosen_.end());
    chosen_.resize(kMostStopped);
}

/// A thread that blocked after it was found running is woken to be stopped, and stands where it waits; that is no sample of
/// its running. It came onto a CPU again for that, stopped inside a system call, and had given up its CPU by itself before it
/// did so to stop. One that was only waiting for a CPU came onto it, too, and perhaps in a call, but gave it up to stop only.
bool Auditor::ran_until_stopped(const Chosen& chosen) {
    const auto now = cpu_.read(chosen.subject->tid);
    if (!now) return false;
    if (now->slices == chosen.track->clock.slices()) return true;
    if (!status_.inside_call(chosen.subject->tid).value_or(true)) return true;
    return status_.voluntary_switches(chosen.subject->tid) == chosen.switches + 1;
}

void Auditor::add(const Chosen& chosen, nanoseconds when, nanoseconds span) {
    const auto& stacks = reader_.stacks();
    const auto found = std::find_if(stacks.begin(), stacks.end(), [&](const cpython::RawStack* stack) {
        return stack->tstate == chosen.subject->tstate && stack->ident == chosen.subject->ident;
    });
    if (found == stacks.end() || (*found)->status != cpython::StackStatus::kOk) return;
    std::array<std::uint64_t, kLossCount> losses{};
    const StackId stack =
        chosen.track->resolver.resolve(**found, cache_, builder_, reader_.code_generation(), when, losses);
    if (cache_.some_wait() && !cache_.check_waiting().empty()) return;  // some name may be another's
    if (stack == kEmptyStack) return;
    const SampleId row{samples_.add(chosen.subject->row, stack, ThreadState::kRunning, when, span, nanoseconds(0))};
    give(chosen.track->share.add(row, span, when));
}

void Auditor::sample(std::span<const Subject> subjects, nanoseconds when, nanoseconds span) {
    choose(subjects, when);
    if (chosen_.empty()) return;
    tids_.clear();
    for (const Chosen& chosen : chosen_) tids_.push_back(chosen.subject->tid);
    bool read = false;
    stopper_->during_stop(tids_, [&](const process::StopOutcome&) {
        read = reader_.sweep() == cpython::StackReader::Outcome::kOk;
        for (Chosen& chosen : chosen_) chosen.ran = ran_until_stopped(chosen);
    });
    if (!read) return;
    for (const Chosen& chosen : chosen_)
        if (chosen.ran) add(chosen, when, span);
}

profile::WeighedSamples Auditor::finish() && {
    for (auto& [row, track] : tracks_) give(track.share.finish());
    return {std::move(samples_).take(), effective_};
}

}  // namespace lampyr::sampler
