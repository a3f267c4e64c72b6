// SPDX-License-Identifier: MIT
#include <lampyr/sampler.hpp>
#include <lampyr/version.hpp>

#include "base/clock.hpp"
#include "base/host.hpp"
#include "process/process_info.hpp"
#include "process/task_files.hpp"
#include "profile/delta_cutter.hpp"
#include "sampler/process_sampler.hpp"
#include "sampler/schedule.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace lampyr {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kProgressEvery = std::chrono::milliseconds(250);
constexpr nanoseconds kNamesEvery = std::chrono::milliseconds(100);
constexpr nanoseconds kStreamEvery = std::chrono::seconds(1);
constexpr nanoseconds kLookEvery =
    std::chrono::milliseconds(100);  ///< longest sleep: a signal or an exit is seen by then
/// A process that is ending has given up its image a moment before it is seen to have ended; an exec'ed one stays changed.
constexpr int kChangedLooks = 3;
constexpr nanoseconds kMaxWeight = std::chrono::seconds(1);
constexpr double kMaxRateHz = 1e6;

Result<void> validate(std::span<Target> targets, const SamplerOptions& options) {
    if (targets.empty()) return Error{ErrorCode::kUsage, "there is no process to record", "give --pid or a program"};
    if (!(options.rate_hz > 0 && options.rate_hz <= kMaxRateHz))
        return Error{ErrorCode::kUsage, "the sampling rate must be above 0 and at most 1000000 a second",
                     "try --rate 100"};
    if (options.duration && options.duration->count() <= 0)
        return Error{ErrorCode::kUsage, "the duration must be longer than 0 seconds", "try --duration 10"};
    return {};
}

/// One recording in progress.
class Recorder {
  public:
    Recorder(const SamplerOptions& options, ProfileSink* sink)
        : options_(options),
          builder_({.timeline = options.timeline || sink != nullptr, .merge_gap = merge_gap(options)}),
          sink_(sink) {
        if (sink != nullptr) cutter_.emplace(*sink);
    }

    /// Before `run`; fails when a process cannot be sampled as asked.
    Result<void> add(Target::Impl& target) {
        auto sampler = sampler::ProcessSampler::open(target, builder_, options_);
        if (!sampler) return sampler.error();
        processes_.push_back({&target, std::move(*sampler)});
        return {};
    }

    Recording run(const std::atomic<bool>& stop, const std::function<void(const SamplerProgress&)>& progress);

  private:
    struct Followed {
        Target::Impl* target;
        std::unique_ptr<sampler::ProcessSampler> sampler;
        bool gone = false;
        int changed_looks = 0;  // looks in a row that found another program image
    };
    static nanoseconds merge_gap(const SamplerOptions& options) {
        return nanoseconds(static_cast<std::int64_t>(2e9 / options.rate_hz));
    }
    [[nodiscard]] bool sleep_until(nanoseconds due, const std::atomic<bool>& stop);
    void tick(nanoseconds now, std::uint64_t slots);
    void look_at_targets();
    [[nodiscard]] bool all_gone() const {
        return std::all_of(processes_.begin(), processes_.end(), [](const Followed& p) { return p.gone; });
    }
    [[nodiscard]] bool sink_failed() const { return sink_ != nullptr && sink_->state() == ProfileSink::State::kFailed; }
    void stream(nanoseconds now);
    [[nodiscard]] ProfileInfo info_at(nanoseconds now) const;
    void report(nanoseconds now, const std::function<void(const SamplerProgress&)>& progress);
    [[nodiscard]] Recording finish(StopReason reason, nanoseconds ended, nanoseconds cpu_before) &&;

    SamplerOptions options_;
    profile::Builder builder_;
    std::vector<Followed> processes_;
    SteadyClock clock_;
    sampler::Tally tally_;
    nanoseconds started_{0};
    nanoseconds ends_{0};
    std::uint64_t ticks_ = 0;
    nanoseconds next_report_{0};
    nanoseconds next_look_{0};
    nanoseconds next_names_{0};
    bool lost_ = false;
    ProfileSink* sink_;
    std::optional<profile::DeltaCutter> cutter_;
    nanoseconds next_stream_{0};
    nanoseconds started_unix_{0};
    Host host_;
};

/// False: time to stop (asked to, the duration is over, or nobody is left).
bool Recorder::sleep_until(nanoseconds due, const std::atomic<bool>& stop) {
    for (;;) {
        if (stop.load(std::memory_order_relaxed) || sink_failed()) return false;
        const nanoseconds now = clock_.now();
        if (ends_.count() != 0 && now >= ends_) return false;
        if (now >= due) return true;
        nanoseconds until = std::min(due, now + kLookEvery);
        if (ends_.count() != 0) until = std::min(until, ends_);
        clock_.sleep_until(until);
        if (due - now > kLookEvery) {
            stream(now);
            look_at_targets();
            if (all_gone()) return false;
        }
    }
}

void Recorder::look_at_targets() {
    for (Followed& process : processes_) {
        if (process.gone) continue;
        const process::ProcessHandle& handle = process.target->memory->process();
        if (handle.exited()) {
            process.gone = true;
        } else if (!handle.image_changed()) {
            process.changed_looks = 0;
        } else if (++process.changed_looks == kChangedLooks) {
            process.gone = true;
            lost_ = true;
        }
    }
}

void Recorder::tick(nanoseconds now, std::uint64_t slots) {
    const nanoseconds interval(static_cast<std::int64_t>(1e9 / options_.rate_hz));
    const nanoseconds weight = std::min(kMaxWeight, interval * static_cast<std::int64_t>(slots));
    for (Followed& process : processes_) {
        if (process.gone) continue;
        if (process.sampler->tick(now - started_, std::max(weight, interval), tally_) ==
            sampler::ProcessSampler::Outcome::kGone)
            next_look_ = nanoseconds(0);  // exited, exec'ed, or a moment's failure: the kernel knows
    }
    ++ticks_;
    if (now >= next_names_) {
        for (Followed& process : processes_)
            if (!process.gone) process.sampler->refresh_names();
        next_names_ = now + kNamesEvery;
    }
    if (now >= next_look_) {
        look_at_targets();
        next_look_ = now + kLookEvery;
    }
}

void Recorder::report(nanoseconds now, const std::function<void(const SamplerProgress&)>& progress) {
    if (!progress || now < next_report_) return;
    next_report_ = now + kProgressEvery;
    SamplerProgress p;
    p.elapsed = now - started_;
    p.ticks = ticks_;
    p.stacks = builder_.samples_added();
    const double seconds = std::chrono::duration<double>(p.elapsed).count();
    p.rate_got_hz = seconds > 0 ? static_cast<double>(ticks_) / seconds : 0;
    for (const Followed& process : processes_)
        if (!process.gone) p.threads += process.sampler->thread_count();
    p.losses = tally_.losses;
    progress(p);
}

/// Hands on what was gained, about once a second. While the sink is busy with the last piece, the next one grows.
void Recorder::stream(nanoseconds now) {
    if (!cutter_ || now < next_stream_ || sink_->state() != ProfileSink::State::kReady) return;
    cutter_->cut(builder_, info_at(now));
    next_stream_ = now + kStreamEvery;
}

Recording Recorder::run(const std::atomic<bool>& stop, const std::function<void(const SamplerProgress&)>& progress) {
    const nanoseconds cpu_before = own_cpu_time();
    host_ = base::this_host();
    started_unix_ = base::unix_time();
    started_ = clock_.now();
    stream(started_);
    if (options_.duration) ends_ = started_ + *options_.duration;
    next_report_ = started_ + kProgressEvery;
    sampler::Schedule schedule(started_, options_.rate_hz, static_cast<std::uint64_t>(started_.count()));
    StopReason reason = StopReason::kTargetExited;
    while (!all_gone()) {
        const sampler::Schedule::Tick slot = schedule.next(clock_.now());
        tally_.losses[static_cast<std::size_t>(Loss::kLate)] += slot.skipped;
        if (!sleep_until(slot.due, stop)) {
            if (!all_gone())
                reason = stop.load(std::memory_order_relaxed) ? StopReason::kRequested
                         : sink_failed()                      ? StopReason::kOutputFailed
                                                              : StopReason::kDuration;
            break;
        }
        const nanoseconds now = clock_.now();
        tick(now, slot.skipped + 1);
        report(now, progress);
        stream(now);
    }
    if (reason == StopReason::kTargetExited && lost_) reason = StopReason::kTargetLost;
    const nanoseconds ended = clock_.now();
    if (cutter_) cutter_->cut(builder_, info_at(ended), reason);
    return std::move(*this).finish(reason, ended, cpu_before);
}

ProfileInfo Recorder::info_at(nanoseconds now) const {
    ProfileInfo info;
    info.lampyr_version = LAMPYR_VERSION;
    info.rate_asked_hz = options_.rate_hz;
    info.duration = now - started_;
    const double seconds = std::chrono::duration<double>(info.duration).count();
    info.rate_got_hz = seconds > 0 ? static_cast<double>(ticks_) / seconds : 0;
    info.interval = nanoseconds(static_cast<std::int64_t>(1e9 / options_.rate_hz));
    info.ticks = ticks_;
    info.losses = tally_.losses;
    info.idle_included = options_.include_idle;
    info.gil_only = options_.gil_only;
    info.blocking = options_.blocking;
    info.started_unix = started_unix_;
    info.host = host_;
    return info;
}

Recording Recorder::finish(StopReason reason, nanoseconds ended, nanoseconds cpu_before) && {
    Recording recording;
    recording.reason = reason;
    recording.own_cpu = own_cpu_time() - cpu_before;
    recording.idle_stacks = tally_.idle_stacks;
    for (const Followed& process : processes_) {
        recording.read_calls += process.sampler->read_calls();
        const process::StopStatistics stops = process.sampler->stops();
        recording.stopped += stops.total;
        recording.longest_stop = std::max(recording.longest_stop, stops.longest);
    }
    recording.peak_rss_bytes = own_peak_rss_bytes();

    ProfileInfo info = info_at(ended);
    recording.profile = std::move(builder_).finish(std::move(info));
    return recording;
}

}  // namespace

Result<Recording> record(std::span<Target> targets, const SamplerOptions& options, const std::atomic<bool>& stop,
                         const std::function<void(const SamplerProgress&)>& progress, ProfileSink* sink) {
    if (auto valid = validate(targets, options); !valid) return valid.error();
    process::raise_descriptor_limit();  // one open file for each thread; programs have been started by now
    Recorder recorder(options, sink);
    for (Target& target : targets)
        if (auto added = recorder.add(target.impl()); !added) return added.error();
    return recorder.run(stop, progress);
}

}  // namespace lampyr
