// SPDX-License-Identifier: MIT
#include "sampler/recorder.hpp"

#include <lampyr/version.hpp>

#include "base/host.hpp"
#include "process/process_info.hpp"
#include "sampler/audit_verdict.hpp"

namespace lampyr::sampler {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kNamesEvery = std::chrono::milliseconds(100);
constexpr nanoseconds kLookEvery =
    std::chrono::milliseconds(100);  ///< longest sleep: a signal or an exit is seen by then
/// A sleep shorter than this takes longer than that. At rates that leave no time to sleep a tick comes early by less.
constexpr nanoseconds kShortestSleep = std::chrono::microseconds(3);
/// A process that is ending has given up its image a moment before it is seen to have ended; an exec'ed one stays changed.
constexpr nanoseconds kChangedFor = std::chrono::milliseconds(20);
constexpr nanoseconds kMaxSpan = std::chrono::seconds(1);
constexpr nanoseconds kLoadEvery = std::chrono::milliseconds(50);
/// Shorter than this says little about CPU use.
constexpr nanoseconds kLoadWindow = std::chrono::milliseconds(200);
/// A raised priority is for a thread that sleeps at least half of the time.
constexpr double kRaiseBelow = 0.35;
constexpr double kLowerAbove = 0.50;

}  // namespace

Result<void> Recorder::add(Target::Impl& target) {
    auto sampler = ProcessSampler::open(target, builder_, options_);
    if (!sampler) return sampler.error();
    processes_.push_back({&target, nullptr, std::move(*sampler)});
    return {};
}

Result<void> Recorder::follow(std::span<const Pid> roots) {
    auto follower = Follower::start(roots, {.children = true});
    if (!follower) return follower.error();
    followers_.push_back(std::move(*follower));
    follows_children_ = true;
    return {};
}

std::optional<Error> Recorder::refusal() const { return refusal_; }

/// Processes that were opened by a follower join. One that cannot be sampled as asked is left out.
void Recorder::take_found() {
    for (const auto& follower : followers_) {
        if (!follower->has_found()) continue;
        kept_off_.go_back();  // or the threads that stop them were kept off, too
        follower->take(found_);
        for (auto& impl : found_) {
            Target::Impl& target = *impl;
            auto sampler = ProcessSampler::open(target, builder_, options_);
            if (sampler) {
                processes_.push_back({&target, std::move(impl), std::move(*sampler)});
                lost_ = false;
            } else if (!refusal_) {
                refusal_ = sampler.error();
            }
        }
        found_.clear();
    }
}

/// What a process that is gone has left is kept, and everything else of it is let go: a server may have thousands in a day.
void Recorder::retire(Followed& process, nanoseconds now) {
    process.sampler->finish(now - started_, tally_);
    read_calls_ += process.sampler->read_calls();
    const process::StopStatistics stops = process.sampler->stops();
    stops_.total += stops.total;
    stops_.longest = std::max(stops_.longest, stops.longest);
    stops_.each.add(stops.each);
    if (auto found = process.sampler->take_audit()) {
        if (!stopped_) stopped_.emplace();
        stopped_->samples.insert(stopped_->samples.end(), found->samples.begin(), found->samples.end());
        stopped_->effective.add(found->effective);
    }
}

void Recorder::retire_gone(nanoseconds now) {
    const auto is_gone = [](const Followed& process) { return process.gone; };
    if (std::none_of(processes_.begin(), processes_.end(), is_gone)) return;
    for (Followed& process : processes_)
        if (process.gone) retire(process, now);
    std::erase_if(processes_, is_gone);
}

/// The process runs another program. It counts as lost unless that turns out to be Python too.
void Recorder::reopen(const Target::Impl& target) {
    if (follows_children_) return;  // its follower sees to it
    kept_off_.go_back();
    const Pid pid = target.pid;
    lost_ = true;
    if (auto follower = Follower::start(std::span(&pid, 1), {})) followers_.push_back(std::move(*follower));
}

void Recorder::drop_idle_followers() {
    std::erase_if(followers_, [this](const std::unique_ptr<Follower>& follower) {
        if (follower->waits() || follower->has_found()) return false;
        if (const auto why = follower->refusal()) refusal_ = why;
        return true;
    });
}

/// Nothing is left to sample, and nothing will come.
bool Recorder::all_gone() {
    if (!processes_.empty()) return false;
    drop_idle_followers();
    return followers_.empty();
}

/// False: time to stop (asked to, the duration is over, or nobody is left).
bool Recorder::sleep_until(nanoseconds due, const std::atomic<bool>& stop) {
    for (;;) {
        if (asked_to_stop(stop)) return false;
        const nanoseconds now = clock_.now();
        if (ends_.count() != 0 && now >= ends_) return false;
        if (now + kShortestSleep >= due) return true;
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

/// Keeps to `max_cpu_share`. Raises the priority as soon as it is known that it does nobody harm, and lowers it when it would.
void Recorder::watch_own_load(nanoseconds now) {
    if (now < next_load_) return;
    next_load_ = now + kLoadEvery;
    load_.mark(now, own_cpu_time());
    if (load_.share() > kLowerAbove)
        priority_.lower();
    else if (load_.share() < kRaiseBelow)
        priority_.raise();
    if (load_.span() < kLoadWindow || !governor_.adjust(load_.share())) return;
    schedule_.set_rate(now, governor_.rate_hz());
    builder_.set_merge_gap(merge_gap(governor_.rate_hz()));
    load_.restart(now, own_cpu_time());
}

/// The audits that are due before the next tick. They have times of their own, so that neither follows the other. False: as
/// `sleep_until`.
bool Recorder::audit_until(nanoseconds due, const std::atomic<bool>& stop) {
    while (audits_ && next_audit_ < due) {
        if (!sleep_until(next_audit_, stop)) return false;
        const nanoseconds now = clock_.now();
        for (Followed& process : processes_) process.sampler->audit(now - started_, audits_->interval());
        next_audit_ = audits_->next(clock_.now()).due;
    }
    return true;
}

void Recorder::look_at_targets() {
    const nanoseconds now = clock_.now();
    for (Followed& process : processes_) {
        const process::ProcessHandle& handle = process.target->memory->process();
        if (handle.exited()) {
            process.gone = true;
        } else if (!handle.image_changed()) {
            process.changed_since.reset();
        } else if (!process.changed_since) {
            process.changed_since = now;
        } else if (now - *process.changed_since >= kChangedFor) {
            process.gone = true;
            reopen(*process.target);
        }
    }
    retire_gone(now);
    take_found();
}

/// A program that is stopped for its samples has the tracing thread on its processor. This one has more to do, elsewhere.
void Recorder::keep_off_targets() {
    if (!options_.native && !options_.blocking) return;
    processors_.clear();
    for (const Followed& process : processes_) processors_.push_back(process.sampler->processor());
    kept_off_.keep_off(processors_);
}

void Recorder::tick(nanoseconds now, std::uint64_t slots) {
    const nanoseconds interval = schedule_.interval();
    const nanoseconds span = std::min(kMaxSpan, interval * static_cast<std::int64_t>(slots));
    take_found();
    for (Followed& process : processes_) {
        process.sampler->set_pause(interval / static_cast<std::int64_t>(processes_.size()));
        if (process.sampler->tick(now - started_, std::max(span, interval), tally_) == ProcessSampler::Outcome::kGone)
            next_look_ = nanoseconds(0);  // exited, exec'ed, or a moment's failure: the kernel knows
    }
    keep_off_targets();
    ++ticks_;
    if (now >= next_names_) {
        for (Followed& process : processes_) {
            process.sampler->refresh_names();
            process.sampler->check_threads();
        }
        next_names_ = now + kNamesEvery;
    }
    if (now >= next_look_) {
        look_at_targets();
        next_look_ = now + kLookEvery;
    }
}

void Recorder::report(nanoseconds now, const std::function<void(const SamplerProgress&)>& progress) {
    if (!progress || now < next_report_) return;
    next_report_ = now + options_.progress_every;
    SamplerProgress& p = progress_;
    p.threads = 0;
    p.usage.clear();
    p.elapsed = now - started_;
    p.ticks = ticks_;
    p.stacks = builder_.samples_added();
    const double seconds = std::chrono::duration<double>(p.elapsed).count();
    p.rate_got_hz = seconds > 0 ? static_cast<double>(ticks_) / seconds : 0;
    for (const Followed& process : processes_) {
        p.threads += process.sampler->thread_count();
        if (options_.usage) p.usage.push_back(process.sampler->usage());
    }
    p.losses = tally_.losses;
    p.active_stacks = tally_.active_seen;
    p.idle_stacks = tally_.idle_seen;
    p.gil_waiting = tally_.gil_waiting;
    p.gil_held = tally_.gil_held;
    p.sweeps = tally_.sweeps;
    p.processes = static_cast<std::uint32_t>(processes_.size());
    p.own_cpu = own_cpu_time();
    progress(p);
}

/// Hands on what was gained, about once a second. While the sink is busy with the last piece, the next one grows.
void Recorder::stream(nanoseconds now) {
    if (!cutter_ || now < next_stream_ || sink_->state() != ProfileSink::State::kReady) return;
    rows_in_use_.clear();
    for (Followed& process : processes_) {
        process.sampler->settle(now - started_, tally_);
        process.sampler->name_rows_in_use(rows_in_use_);
    }
    cutter_->cut(builder_, info(now), rows_in_use_);
    next_stream_ = now + options_.hand_on_every;
}

Recording Recorder::run(const std::atomic<bool>& stop, const std::function<void(const SamplerProgress&)>& progress) {
    const nanoseconds cpu_before = own_cpu_time();
    host_ = base::this_host();
    for (Followed& process : processes_) process.sampler->prepare();
    started_unix_ = base::unix_time();
    started_ = clock_.now();
    stream(started_);
    if (options_.duration) ends_ = started_ + *options_.duration;
    next_report_ = started_ + options_.progress_every;
    next_load_ = started_ + kLoadEvery;
    schedule_.set_rate(started_, governor_.rate_hz());
    builder_.set_merge_gap(merge_gap(governor_.rate_hz()));
    if (options_.audit_hz > 0) {
        audits_.emplace(started_, options_.audit_hz, static_cast<std::uint64_t>(started_.count()) + 0x9E3779B9U);
        next_audit_ = audits_->next(started_).due;
    }
    StopReason reason = StopReason::kTargetExited;
    while (!all_gone()) {
        const Schedule::Tick slot = schedule_.next(clock_.now());
        tally_.losses[static_cast<std::size_t>(Loss::kLate)] += slot.skipped;
        if (!audit_until(slot.due, stop) || !sleep_until(slot.due, stop)) {
            if (!all_gone())
                reason = stop.load(std::memory_order_relaxed) ? StopReason::kRequested
                         : sink_failed()                      ? StopReason::kOutputFailed
                                                              : StopReason::kDuration;
            break;
        }
        const nanoseconds now = clock_.now();
        lateness_.add(now - slot.due);
        tick(now, slot.skipped + 1);
        report(now, progress);
        watch_own_load(now);
        stream(now);
    }
    if (reason == StopReason::kTargetExited && lost_) reason = StopReason::kTargetLost;
    return finish(reason, clock_.now(), cpu_before);
}

ProfileInfo Recorder::info(nanoseconds ended) const {
    ProfileInfo info;
    info.lampyr_version = LAMPYR_VERSION;
    info.rate_asked_hz = options_.rate_hz;
    info.duration = ended - started_;
    const double seconds = std::chrono::duration<double>(info.duration).count();
    info.rate_got_hz = seconds > 0 ? static_cast<double>(ticks_) / seconds : 0;
    info.interval = nanoseconds(static_cast<std::int64_t>(1e9 / options_.rate_hz));
    info.longest_interval = nanoseconds(static_cast<std::int64_t>(1e9 / governor_.lowest_hz()));
    info.ticks = ticks_;
    info.losses = tally_.losses;
    info.idle_included = options_.include_idle;
    info.gil_only = options_.gil_only;
    info.blocking = options_.blocking;
    info.native = options_.native;
    info.tasks = options_.tasks;
    info.cpu_time = !options_.include_idle && !options_.gil_only && tally_.cpu.ran.count() != 0;
    info.started_unix = started_unix_;
    info.host = host_;
    return info;
}

Recording Recorder::finish(StopReason reason, nanoseconds ended, nanoseconds cpu_before) {
    for (Followed& process : processes_) retire(process, ended);
    for (const auto& follower : followers_)
        if (const auto why = follower->refusal()) refusal_ = why;
    if (cutter_) cutter_->cut(builder_, info(ended), {}, reason);
    Recording recording;
    recording.reason = reason;
    recording.cpu = tally_.cpu;
    recording.late_median = lateness_.quantile(0.5);
    recording.late_p99 = lateness_.quantile(0.99);
    recording.priority = to_string(priority_.level());
    priority_.lower();
    recording.lowest_rate_hz = governor_.lowest_hz();
    recording.own_cpu = own_cpu_time() - cpu_before;
    recording.idle_stacks = tally_.idle_stacks;
    recording.read_calls = read_calls_;
    recording.stopped = stops_.total;
    recording.longest_stop = stops_.longest;
    recording.stop_median = stops_.each.quantile(0.5);
    recording.stop_p99 = stops_.each.quantile(0.99);
    recording.peak_rss_bytes = own_peak_rss_bytes();

    recording.profile = std::move(builder_).finish(info(ended));
    if (stopped_) recording.audit = judge_profile(recording.profile, tally_.effective, *stopped_);
    return recording;
}

}  // namespace lampyr::sampler
