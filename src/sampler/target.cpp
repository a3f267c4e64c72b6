// SPDX-License-Identifier: MIT
#include <lampyr/target.hpp>
#include <lampyr/text.hpp>

#include "base/clock.hpp"
#include "cpython/runtime_check.hpp"
#include "cpython/thread_identity.hpp"
#include "process/proc_maps.hpp"
#include "process/process_info.hpp"
#include "process/target_files.hpp"
#include "sampler/target_impl.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// A process this young may still be on its way to becoming Python (loader, launcher script).
constexpr nanoseconds kYoung = std::chrono::seconds(2);
constexpr nanoseconds kFirstPause = milliseconds(1);
constexpr nanoseconds kLongestPause = milliseconds(20);
constexpr nanoseconds kLongestExec = milliseconds(250);

Result<cpython::RuntimeLocation> find_runtime(const process::VmMemory& memory, Pid pid,
                                              const cpython::RuntimeLocation* known) {
    if (known != nullptr &&
        cpython::check_runtime(memory, known->layout, known->runtime) == cpython::RuntimeCheck::kGood)
        return *known;
    auto maps = process::read_maps(pid);
    if (!maps) return maps.error();
    return cpython::locate_runtime(memory, pid, *maps);
}

/// True when another look, `since` after the first, may find more. In the middle of an exec the kernel refuses everybody, and
/// mappings may be those of one image and the memory that of the next.
bool may_change(const Error& error, bool young, nanoseconds since) {
    if (error.code == ErrorCode::kPermission || error.code == ErrorCode::kTargetGone)
        return young && since < kLongestExec;
    return error.code == ErrorCode::kPythonStarting || (young && error.code == ErrorCode::kNotPython);
}

bool stopped(const std::atomic<bool>* stop) { return stop != nullptr && stop->load(std::memory_order_relaxed); }

Error stopped_error(Pid pid) {
    return {ErrorCode::kStopped, fmt::format("stopped before process {} could be sampled", pid.value), ""};
}

bool is_young(Pid pid) {
    const auto info = process::read_process_info(pid);
    return info && time_since_boot() - boot_ticks(info->start_time) < kYoung;
}

/// The program is over before there was anything to sample. Its status is kept: it is what the caller's caller wants.
Error ended_early(const std::string& program, const process::WaitStatus& status) {
    const std::string how = status.signal != 0 ? fmt::format("was ended by signal {}", status.signal)
                                               : fmt::format("ended with status {}", status.code);
    Error error{ErrorCode::kNotPython,
                fmt::format("`{}` {} before a Python interpreter was running in it", terminal_safe(program), how),
                "give a Python program that runs for a while, for example `lampyr record -- python3 script.py`"};
    error.child_status = status.signal != 0 ? 128 + status.signal : status.code;
    return error;
}

}  // namespace

Result<std::unique_ptr<Target::Impl>> look_at_process(Pid pid, const cpython::RuntimeLocation* known) {
    auto memory = process::VmMemory::open(pid);
    if (!memory) return memory.error();
    const process::ProcessHandle& handle = (*memory)->process();
    const Error another{ErrorCode::kPythonStarting, fmt::format("process {} started another program", pid.value),
                        "try again"};
    auto runtime = find_runtime(**memory, pid, known);
    // Mappings of one image say nothing of the next, neither where an interpreter is nor that there is none.
    if (!runtime) return handle.image_changed() ? another : runtime.error();
    auto info = process::read_process_info(pid);
    if (!info) return info.error();
    auto tids = process::TidMap::open((*memory)->process());
    if (!tids) return tids.error();
    auto impl = std::make_unique<Target::Impl>(Target::Impl{
        .pid = pid,
        .command_line = info->command_line,
        .executable = info->executable,
        .memory = std::move(*memory),
        .runtime = std::move(*runtime),
        .tids = std::move(*tids),
        .child = std::nullopt,
    });
    // What was located belongs to the image that was mapped then; an exec in between makes it worthless.
    if (handle.image_changed()) return another;
    return impl;
}

Target::Target(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Target::Target(Target&&) noexcept = default;
Target& Target::operator=(Target&&) noexcept = default;
Target::~Target() = default;

Result<Target> Target::attach(Pid pid, const AttachOptions& options) {
    SteadyClock clock;
    const nanoseconds begin = clock.now();
    const nanoseconds deadline = begin + options.startup_timeout;
    for (nanoseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
        auto impl = look_at_process(pid);
        if (impl) return Target(std::move(*impl));
        if (stopped(options.stop)) return stopped_error(pid);
        if (!may_change(impl.error(), is_young(pid), clock.now() - begin) || clock.now() >= deadline)
            return impl.error();
        clock.sleep_until(clock.now() + pause);
    }
}

Result<Target> Target::spawn(const SpawnOptions& options) {
    auto child =
        process::Child::spawn(options.arguments, {options.streams.in, options.streams.out, options.streams.err});
    if (!child) return child.error();
    const Pid pid = child->pid();
    SteadyClock clock;
    const nanoseconds begin = clock.now();
    const nanoseconds deadline = begin + options.startup_timeout;
    for (nanoseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
        auto impl = look_at_process(pid);
        if (impl) {
            (*impl)->child = std::move(*child);
            return Target(std::move(*impl));
        }
        if (const auto status = child->try_wait()) return ended_early(options.arguments.front(), *status);
        if (stopped(options.stop)) return stopped_error(pid);
        if (!may_change(impl.error(), true, clock.now() - begin) || clock.now() >= deadline) return impl.error();
        clock.sleep_until(clock.now() + pause);
    }
}

Pid Target::pid() const { return impl_->pid; }
const std::string& Target::command_line() const { return impl_->command_line; }
const std::string& Target::executable() const { return impl_->executable; }
std::string Target::python_version() const { return impl_->runtime.version_text; }
const std::string& Target::note() const { return impl_->runtime.note; }

std::optional<ExitStatus> Target::wait() {
    if (!impl_->child) return std::nullopt;
    const auto status = impl_->child->wait();
    return ExitStatus{status.code, status.signal};
}

Tid Target::Impl::os_tid(const cpython::RawStack& stack) {
    const std::int64_t inner = cpython::native_thread_id(
        source(), stack, [this](std::int64_t id) { return tids.to_ours(static_cast<std::int32_t>(id)).value != 0; });
    return inner == 0 ? Tid{} : tids.to_ours(static_cast<std::int32_t>(inner));
}

sampler::FileNames Target::Impl::file_names() const {
    return sampler::FileNames(runtime.stdlib_hint, [&handle = memory->process()](std::string_view path) {
        return process::file_exists_in_target(handle, path);
    });
}

}  // namespace lampyr
