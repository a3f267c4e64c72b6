// SPDX-License-Identifier: MIT
#include <lampyr/sampler.hpp>

#include "process/task_files.hpp"
#include "process/thread_registers.hpp"
#include "sampler/recorder.hpp"

#include <fmt/format.h>

namespace lampyr {

namespace {

constexpr double kMaxRateHz = 1e6;
constexpr double kMaxAuditHz = 1000;

Result<void> validate(std::span<Target> targets, const SamplerOptions& options) {
    if (targets.empty() && options.follow.empty())
        return Error{ErrorCode::kUsage, "there is no process to record", "give --pid or a program"};
    if (!(options.rate_hz > 0 && options.rate_hz <= kMaxRateHz))
        return Error{ErrorCode::kUsage, "the sampling rate must be above 0 and at most 1000000 a second",
                     "try --rate 100"};
    if (options.duration && options.duration->count() <= 0)
        return Error{ErrorCode::kUsage, "the duration must be longer than 0 seconds", "try --duration 10"};
    if (options.audit_hz > 0 &&
        (options.blocking || options.native || options.tasks || options.include_idle || options.gil_only))
        return Error{ErrorCode::kUsage,
                     "an audit tests samples of running threads that are taken without stopping them",
                     "leave --audit out, or --blocking, --native, --async, --idle and --gil"};
    if (!(options.audit_hz >= 0 && options.audit_hz <= kMaxAuditHz))
        return Error{ErrorCode::kUsage, "an audit takes at most 1000 samples a second", ""};
    if (options.native && !process::registers_readable())
        return Error{ErrorCode::kUsage, "native frames can be read on x86-64 only", "leave --native out"};
    if (!(options.max_cpu_share >= 0))
        return Error{ErrorCode::kUsage, "the limit of lampyr's CPU use must be above 0", "try --max-cpu 5"};
    return {};
}

/// Nothing was found to sample. A refusal is the reason; otherwise the first root stands for all.
Error no_python(const std::optional<Error>& refusal, Pid root, const Recording& recording) {
    if (refusal && refusal->code == ErrorCode::kPermission) return *refusal;
    if (recording.reason == StopReason::kRequested)
        return {ErrorCode::kStopped,
                fmt::format("stopped before a Python process was found below process {}", root.value), ""};
    return {
        ErrorCode::kNotPython,
        fmt::format("neither process {} nor a process it started was Python for long enough to be seen", root.value),
        "lampyr sees a process that runs for some hundredths of a second"};
}

}  // namespace

Result<Recording> record(std::span<Target> targets, const SamplerOptions& options, const std::atomic<bool>& stop,
                         const std::function<void(const SamplerProgress&)>& progress, ProfileSink* sink) {
    if (auto valid = validate(targets, options); !valid) return valid.error();
    process::raise_descriptor_limit();  // one open file for each thread; programs have been started by now
    SteadyClock clock;
    sampler::Recorder recorder(options, clock, sink);
    for (Target& target : targets)
        if (auto added = recorder.add(target.impl()); !added) return added.error();
    if (!options.follow.empty())
        if (auto followed = recorder.follow(options.follow); !followed) return followed.error();
    Recording recording = recorder.run(stop, progress);
    if (recording.profile.processes.empty()) return no_python(recorder.refusal(), options.follow.front(), recording);
    return recording;
}

}  // namespace lampyr
