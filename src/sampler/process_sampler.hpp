// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/sampler.hpp>

#include "cpython/stack_reader.hpp"
#include "process/thread_status.hpp"
#include "process/thread_stopper.hpp"
#include "profile/builder.hpp"
#include "sampler/auditor.hpp"
#include "sampler/code_cache.hpp"
#include "sampler/cpu_share.hpp"
#include "sampler/doubtful_stacks.hpp"
#include "sampler/held_rows.hpp"
#include "sampler/native_stacks.hpp"
#include "sampler/stack_resolver.hpp"
#include "sampler/target_impl.hpp"
#include "sampler/task_stacks.hpp"
#include "sampler/thread_clock.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace lampyr::sampler {

/// What one recording counts besides samples; shared by all its processes.
struct Tally {
    std::array<std::uint64_t, kLossCount> losses{};
    std::uint64_t idle_stacks = 0;  // left out
    std::uint64_t active_seen = 0;
    std::uint64_t idle_seen = 0;    // left out or not
    std::uint64_t gil_waiting = 0;  // of these
    std::uint64_t gil_held = 0;
    std::uint64_t sweeps = 0;
    TargetCpu cpu;
    profile::EffectiveCount effective;  ///< of the samples' weights
};

/// Samples one process into a profile under construction: sweep, decide which threads count, resolve, add.
class ProcessSampler {
  public:
    /// Fails only when `options.blocking`, `options.native` or `options.audit_hz` is asked for and stopping is not permitted.
    [[nodiscard]] static Result<std::unique_ptr<ProcessSampler>> open(Target::Impl& target, profile::Builder& builder,
                                                                      const SamplerOptions& options);

    /// Before the first tick: reads what would delay it.
    void prepare();

    enum class Outcome : std::uint8_t { kSampled, kNothingYet, kGone };
    /// Samples at `start` (since sampling began); a sample stands for `span`.
    Outcome tick(std::chrono::nanoseconds start, std::chrono::nanoseconds span, Tally& tally);
    /// How much of the time until the next tick is for this process.
    void set_pause(std::chrono::nanoseconds pause) { reader_.set_pause(pause); }
    /// A stopped sample that tests the others; only with `options.audit_hz`.
    void audit(std::chrono::nanoseconds start, std::chrono::nanoseconds span);
    /// What the stopped samples found; once, at the end. Nothing without `options.audit_hz`.
    [[nodiscard]] std::optional<profile::WeighedSamples> take_audit();
    /// Decides all that was left open of the samples so far, but for their weights. Before they are handed on.
    void settle(std::chrono::nanoseconds when, Tally& tally);
    /// After the last tick: gives all samples their weights.
    void finish(std::chrono::nanoseconds when, Tally& tally);

    /// Gives threads that have no name yet another chance; costs several reads, so not for every tick.
    void refresh_names();
    /// Looks whether threads came or went unseen; now and then, too.
    void check_threads() { reader_.check_list(); }
    [[nodiscard]] std::uint32_t thread_count() const { return static_cast<std::uint32_t>(tracks_.size()); }
    [[nodiscard]] std::uint64_t read_calls() const;
    [[nodiscard]] ProcessUsage usage() const;
    /// Rows of the profile that this sampler may still change.
    void name_rows_in_use(std::vector<SampleId>& rows) const;
    /// How long the target was held; zero without `blocking`, `native` and `audit`.
    [[nodiscard]] process::StopStatistics stops() const;
    /// The processor on which threads were stopped last; -1: none were, or it is not known.
    [[nodiscard]] int processor() const { return stopper_ ? stopper_->processor() : -1; }

  private:
    ProcessSampler(Target::Impl& target, profile::Builder& builder, const SamplerOptions& options);

    /// A thread being followed: its row in the profile, what the kernel says of it, and its last stack.
    struct Track {
        RemoteAddr tstate;
        RemoteAddr interpreter;
        std::uint64_t ident = 0;
        ThreadId row;
        Tid os_tid;
        std::uint64_t serial = 0;               // of its stack at the last sweep
        bool held_gil = false;                  // at the last sweep
        bool look_owed = false;                 // the kernel was not asked before this sweep
        std::chrono::nanoseconds looked_at{0};  // when it was
        std::chrono::nanoseconds calm_from{0};  // when it will not have waited for a CPU for a while
        ThreadClock clock;
        CpuShare share;
        StackResolver resolver;
        native::StackCopy machine;  // with options.native only
        TaskStacks::Last task;      // with options.tasks only
    };

    void match_tracks(std::chrono::nanoseconds when, Tally& tally);
    [[nodiscard]] bool tracks_match() const;
    Track make_track(const cpython::RawStack& stack);
    [[nodiscard]] bool waits_for_gil(const Track& track);
    [[nodiscard]] static ThreadState state_of(const Track& track, const cpython::RawStack& stack);
    void look(Track& track, std::chrono::nanoseconds when, Tally& tally);
    void look_at_threads(std::chrono::nanoseconds when, Tally& tally);
    [[nodiscard]] static bool surely_runs(const Track& track, std::chrono::nanoseconds when);
    void check_names(std::chrono::nanoseconds when, Tally& tally);
    void settle_doubts(std::chrono::nanoseconds when, std::chrono::nanoseconds before, Tally& tally);
    void give(std::span<const CpuShare::Given> weights, Tally& tally);
    void add_stacks(std::chrono::nanoseconds start, std::chrono::nanoseconds span, Tally& tally);
    void add_sample(Track& track, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                    std::chrono::nanoseconds span, Tally& tally);
    [[nodiscard]] StackId stack_of(Track& track, const cpython::RawStack& stack, std::chrono::nanoseconds start,
                                   std::uint64_t generation, Tally& tally);
    cpython::StackReader::Outcome sweep(std::chrono::nanoseconds start, std::chrono::nanoseconds span, Tally& tally);
    cpython::StackReader::Outcome sweep_stopped(std::chrono::nanoseconds start, std::chrono::nanoseconds span,
                                                Tally& tally);
    void choose_stopped();
    [[nodiscard]] bool sweep_copies();
    void copy_each();
    void copy_at_once();
    [[nodiscard]] bool held_as_foreseen() const;
    [[nodiscard]] std::optional<cpython::StackReader::Outcome> sweep_held();
    void look_at_tasks(std::chrono::nanoseconds start);

    Target::Impl& target_;
    profile::Builder& builder_;
    SamplerOptions options_;
    cpython::StackReader reader_;
    FileNames files_;
    CodeCache cache_;
    DoubtfulStacks doubts_;
    std::chrono::nanoseconds doubts_settled_{0};
    process::ThreadStatusReader status_;
    process::ThreadCpuReader cpu_;
    bool cpu_weights_;                                 // samples count for CPU time, not for time on the wall
    std::unique_ptr<process::ThreadStopper> stopper_;  // blocking or native only
    ProcessId row_;
    std::vector<Track> tracks_;  // parallel to reader_.stacks() after a sweep
    std::vector<Tid> to_stop_;
    std::vector<std::size_t> held_tracks_;          // parallel to it
    std::vector<process::RemoteSegment> ranges_;    // to be copied of one
    std::vector<const process::HeldCopy*> copies_;  // parallel to tracks_; null: not held
    process::HeldCopy all_;                         // of all that are held, without machine stacks
    bool foreseen_ = false;                         // what the last held sweep needed was where it was sought
    std::unique_ptr<NativeStacks> native_;          // with options.native only
    std::unique_ptr<TaskStacks> tasks_;             // with options.tasks only
    cpython::Offset watched_ = cpython::kAbsent;    // word of the thread state that is read for it
    std::unique_ptr<Auditor> auditor_;              // with options.audit_hz only
    std::vector<Auditor::Subject> subjects_;
    HeldRows held_;
    std::chrono::nanoseconds names_checked_{0};
    std::uint64_t list_version_ = 0;
    bool names_wanted_ = true;
};

}  // namespace lampyr::sampler
