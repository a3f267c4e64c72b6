// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/sampler.hpp>

#include "base/clock.hpp"
#include "base/time_histogram.hpp"
#include "process/kept_off.hpp"
#include "process/raised_priority.hpp"
#include "profile/builder.hpp"
#include "profile/delta_cutter.hpp"
#include "sampler/follower.hpp"
#include "sampler/own_load.hpp"
#include "sampler/process_sampler.hpp"
#include "sampler/rate_governor.hpp"
#include "sampler/schedule.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace lampyr::sampler {

/// One recording in progress: `add` its processes or `follow` some, then `run`. A process that calls execve is opened anew.
class Recorder {
  public:
    using nanoseconds = std::chrono::nanoseconds;

    /// `clock`, and the sink if there is one, must outlive the recorder.
    Recorder(const SamplerOptions& options, Clock& clock, ProfileSink* sink = nullptr)
        : options_(options),
          clock_(clock),
          builder_({.timeline = options.timeline || sink != nullptr,
                    .stream = sink != nullptr,
                    .merge_gap = merge_gap(options.rate_hz)}),
          schedule_(clock.now(), options.rate_hz, static_cast<std::uint64_t>(clock.now().count())),
          governor_(options.rate_hz, options.max_cpu_share),
          sink_(sink) {
        if (sink != nullptr) cutter_.emplace(*sink);
    }

    /// Fails when a process cannot be sampled as asked.
    Result<void> add(Target::Impl& target);
    /// These processes and their descendants, each from when it is Python. Fails when one is not there.
    Result<void> follow(std::span<const Pid> roots);
    /// Why nothing could be sampled, when nothing was.
    [[nodiscard]] std::optional<Error> refusal() const;
    Recording run(const std::atomic<bool>& stop, const std::function<void(const SamplerProgress&)>& progress);

  private:
    struct Followed {
        Target::Impl* target;
        std::unique_ptr<Target::Impl> own;        // of one that was found; else `target` is the caller's
        std::unique_ptr<ProcessSampler> sampler;  // uses what stands above
        bool gone = false;
        std::optional<nanoseconds> changed_since{};  // when it was first found to run another program image
    };
    static nanoseconds merge_gap(double rate_hz) { return nanoseconds(static_cast<std::int64_t>(2e9 / rate_hz)); }
    [[nodiscard]] bool audit_until(nanoseconds due, const std::atomic<bool>& stop);
    [[nodiscard]] bool sleep_until(nanoseconds due, const std::atomic<bool>& stop);
    void watch_own_load(nanoseconds now);
    void tick(nanoseconds now, std::uint64_t slots);
    void keep_off_targets();
    void look_at_targets();
    void take_found();
    void retire_gone(nanoseconds now);
    void retire(Followed& process, nanoseconds now);
    void reopen(const Target::Impl& target);
    void drop_idle_followers();
    [[nodiscard]] bool all_gone();
    [[nodiscard]] bool sink_failed() const { return sink_ != nullptr && sink_->state() == ProfileSink::State::kFailed; }
    [[nodiscard]] bool asked_to_stop(const std::atomic<bool>& stop) const {
        return stop.load(std::memory_order_relaxed) || sink_failed();
    }
    void stream(nanoseconds now);
    void report(nanoseconds now, const std::function<void(const SamplerProgress&)>& progress);
    [[nodiscard]] ProfileInfo info(nanoseconds ended) const;
    [[nodiscard]] Recording finish(StopReason reason, nanoseconds ended, nanoseconds cpu_before);

    SamplerOptions options_;
    Clock& clock_;
    profile::Builder builder_;
    std::vector<Followed> processes_;
    Schedule schedule_;
    std::optional<Schedule> audits_;  // with options.audit_hz
    nanoseconds next_audit_{0};
    RateGovernor governor_;
    process::RaisedPriority priority_;
    process::KeptOff kept_off_;    // the processors of programs that are stopped
    std::vector<int> processors_;  // that these were found on
    TimeHistogram lateness_;
    OwnLoad load_{clock_.now(), own_cpu_time()};
    Tally tally_;
    nanoseconds started_{0};
    nanoseconds ends_{0};
    std::uint64_t ticks_ = 0;
    nanoseconds next_report_{0};
    SamplerProgress progress_;
    nanoseconds next_look_{0};
    nanoseconds next_names_{0};
    nanoseconds next_load_{0};
    bool lost_ = false;  // a process of the caller's became something else than Python
    std::vector<std::unique_ptr<Follower>> followers_;
    std::vector<std::unique_ptr<Target::Impl>> found_;
    bool follows_children_ = false;
    std::optional<Error> refusal_;
    std::uint64_t read_calls_ = 0;     // of processes that are gone
    process::StopStatistics stops_{};  // likewise
    std::optional<profile::WeighedSamples> stopped_;
    ProfileSink* sink_;
    std::optional<profile::DeltaCutter> cutter_;  // with a sink
    nanoseconds next_stream_{0};
    std::vector<SampleId> rows_in_use_;
    nanoseconds started_unix_{0};
    Host host_;
};

}  // namespace lampyr::sampler
