// SPDX-License-Identifier: MIT
#include <lampyr/doctor.hpp>

#include "base/clock.hpp"
#include "process/filter_probe.hpp"
#include "process/permissions.hpp"
#include "process/process_info.hpp"
#include "process/thread_status.hpp"
#include "sampler/target_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace lampyr {

namespace {

/// Sweeps that are timed; the first ones find out where the stacks are.
constexpr std::size_t kWarmUp = 5;
constexpr std::size_t kTimed = 21;
constexpr std::size_t kMostChildren = 32;

InterpreterFacts describe(const cpython::RuntimeLocation& runtime) {
    InterpreterFacts facts;
    facts.version = runtime.version_text;
    facts.file = runtime.library_path;
    facts.how = runtime.how;
    facts.note = runtime.note;
    facts.own_layout = runtime.published_layout;
    return facts;
}

std::optional<ThreadFacts> look_at_threads(Target::Impl& target) {
    cpython::StackReader reader(target.source(), target.runtime.layout, target.anchor());
    SteadyClock clock;
    std::array<std::chrono::nanoseconds, kTimed> times{};
    for (std::size_t i = 0; i < kWarmUp + kTimed; ++i) {
        const auto begin = clock.now();
        if (reader.sweep() != cpython::StackReader::Outcome::kOk) return std::nullopt;
        if (i >= kWarmUp) times[i - kWarmUp] = clock.now() - begin;
    }
    std::nth_element(times.begin(), times.begin() + kTimed / 2, times.end());
    ThreadFacts facts;
    facts.read_time = times[kTimed / 2];
    facts.interpreters = reader.interpreters().size();
    process::ThreadStatusReader status(target.memory->process());
    process::ThreadCpuReader cpu(target.memory->process());
    for (const cpython::RawStack* stack : reader.stacks()) {
        ++facts.threads;
        facts.gil_held = facts.gil_held || stack->holds_gil;
        const Tid tid = target.os_tid(*stack);
        if (tid.value == 0) continue;
        if (status.state(tid) == process::RunState::kRunning) ++facts.active;
        facts.cpu_time = facts.cpu_time || cpu.read(tid).has_value();
    }
    return facts;
}

/// A launcher or a shell is no Python, but may have started one.
std::string hint_at_child(Pid pid) {
    std::vector<Pid> children = process::list_children(pid);
    if (children.size() > kMostChildren) children.resize(kMostChildren);
    for (const Pid child : children)
        if (Target::attach(child, {.startup_timeout = std::chrono::milliseconds(0)}))
            return fmt::format("its child process {0} holds one: lampyr doctor {0}", child.value);
    return {};
}

}  // namespace

Result<Diagnosis> diagnose(Pid pid, const AttachOptions& options) {
    const auto info = process::read_process_info(pid);
    if (!info) return info.error();
    const process::AccessFacts access = process::gather_access_facts(pid, 0);
    Diagnosis diagnosis;
    diagnosis.pid = pid;
    diagnosis.command_line = info->command_line;
    diagnosis.user = process::user_name(info->uid);
    diagnosis.our_user = process::user_name(access.our_uid);
    if (info->namespace_pids.size() > 1) diagnosis.pid_inside = info->namespace_pids.back();
    diagnosis.tracer = access.tracer;
    diagnosis.tracer_name = access.tracer_name;
    if (!access.exists || access.zombie || access.kernel_thread) {
        diagnosis.obstacle = process::explain(access);
        return diagnosis;
    }
    if (access.seccomp != 0) {
        diagnosis.stop_forbidden = process::probe_stopping() != process::FilterVerdict::kAllows;
        if (process::probe_reading() == process::FilterVerdict::kKills) {  // and would end us, too
            diagnosis.obstacle = process::filter_refusal(access);
            return diagnosis;
        }
    }
    auto target = Target::attach(pid, options);
    if (!target) {
        diagnosis.obstacle = target.error();
        if (target.error().code == ErrorCode::kNotPython && target.error().hint.empty())
            diagnosis.obstacle->hint = hint_at_child(pid);
        return diagnosis;
    }
    diagnosis.interpreter = describe(target->impl().runtime);
    diagnosis.threads = look_at_threads(target->impl());
    if (!diagnosis.threads)
        diagnosis.obstacle =
            Error{ErrorCode::kTargetGone, "the interpreter was found, but its threads could not be read",
                  "the process may be ending; try again", 0};
    return diagnosis;
}

}  // namespace lampyr
