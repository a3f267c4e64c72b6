// SPDX-License-Identifier: MIT
#include "process/thread_status.hpp"

#include "process/permissions.hpp"
#include "process/proc_file.hpp"
#include "process/stat_line.hpp"
#include "process/status_file.hpp"

#include <cerrno>

namespace lampyr::process {
namespace {

constexpr std::size_t kBuffer = 1024;

bool is_gone(int os_errno) { return os_errno == ESRCH || os_errno == ENOENT; }

/// proc_pid_syscall(5): "running", or the call's number with arguments, or "-1 SP PC" for a thread blocked outside of a
/// call. A thread that has ended and is still listed has neither stack nor registers.
RunState from_syscall(std::string_view text) {
    if (text.starts_with("running")) return RunState::kRunning;
    if (text.starts_with("-1 0x0 0x0")) return RunState::kGone;
    return text.empty() ? RunState::kUnknown : RunState::kBlocked;
}

RunState from_stat(std::string_view text) {
    const auto stat = parse_stat(text);
    if (!stat) return RunState::kUnknown;
    if (stat->is_dead()) return RunState::kGone;
    return stat->state == 'R' ? RunState::kRunning : RunState::kBlocked;
}

/// Takes a decimal number and the blank or newline behind it off the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    const auto number = parse_number<std::uint64_t>(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return number;
}

}  // namespace

ThreadStatusReader::ThreadStatusReader(const ProcessHandle& process, Source source)
    : syscall_(process, "syscall"), stat_(process, "stat"), status_(process, "status"), source_(source) {}

RunState ThreadStatusReader::state(Tid tid) {
    std::array<char, kBuffer> buffer;
    if (source_ == Source::kSyscall) {
        const auto answer = syscall_.read(tid, buffer);
        if (answer.os_errno == 0) return from_syscall(answer.text);
        if (answer.os_errno == ESRCH) return RunState::kGone;
    }
    // Refused, or no such file: the kernel may lack `syscall`, or the thread is gone. `stat` is there for every thread.
    const auto answer = stat_.read(tid, buffer);
    if (answer.os_errno != 0) return is_gone(answer.os_errno) ? RunState::kGone : RunState::kUnknown;
    source_ = Source::kStat;
    return from_stat(answer.text);
}

std::optional<bool> ThreadStatusReader::inside_call(Tid tid) {
    std::array<char, kBuffer> buffer;
    const auto answer = syscall_.read(tid, buffer);
    if (answer.os_errno != 0 || from_syscall(answer.text) != RunState::kBlocked) return std::nullopt;
    return !answer.text.starts_with("-1 ");
}

std::optional<std::uint64_t> ThreadStatusReader::voluntary_switches(Tid tid) {
    std::array<char, kStatusLimit> buffer;
    const auto answer = status_.read(tid, buffer);
    if (answer.os_errno != 0) return std::nullopt;
    const auto count = StatusFile(answer.text).number("voluntary_ctxt_switches");
    return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
}

std::optional<std::uint64_t> ThreadStatusReader::futex(Tid tid) {
    std::array<char, kBuffer> buffer;
    auto answer = syscall_.read(tid, buffer);
    if (answer.os_errno != 0) return std::nullopt;
    // Once interrupted, as by a stop, a wait with a time limit goes on as restart_syscall with the same registers.
    const auto number = take_number(answer.text);
    if ((number != SYS_futex && number != SYS_restart_syscall) || !answer.text.starts_with("0x")) return std::nullopt;
    answer.text.remove_prefix(2);
    return parse_number<std::uint64_t>(answer.text.substr(0, answer.text.find(' ')), 16);
}

std::optional<ThreadCpu> ThreadCpuReader::read(Tid tid) {
    std::array<char, 128> buffer;
    auto answer = files_.read(tid, buffer);
    if (answer.os_errno != 0) return std::nullopt;
    const auto on_cpu = take_number(answer.text);
    const auto waiting = take_number(answer.text);
    const auto slices = take_number(answer.text);
    if (!on_cpu || !waiting || !slices) return std::nullopt;
    return ThreadCpu{std::chrono::nanoseconds(*on_cpu), std::chrono::nanoseconds(*waiting), *slices};
}

Result<ThreadList> ThreadList::open(const ProcessHandle& process) {
    UniqueFd tasks(::openat(process.proc_dir(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return explain_access_failure(process.pid(), errno);
    return ThreadList(std::move(tasks));
}

bool ThreadList::list(std::vector<Tid>& out) const {
    out.clear();
    const int error = for_each_number(tasks_.get(), [&](std::int32_t number) {
        out.emplace_back(number);
        return true;
    });
    return error == 0 && !out.empty();
}

Result<std::vector<Tid>> list_threads(Pid pid) {
    auto process = ProcessHandle::open(pid);
    if (!process) return process.error();
    auto list = ThreadList::open(*process);
    if (!list) return list.error();
    std::vector<Tid> threads;
    if (!list->list(threads)) return explain_access_failure(pid, ESRCH);
    return threads;
}

}  // namespace lampyr::process
