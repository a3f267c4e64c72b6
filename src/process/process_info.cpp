// SPDX-License-Identifier: MIT
#include "process/process_info.hpp"

#include "process/proc_file.hpp"
#include "process/proc_view.hpp"
#include "process/stat_line.hpp"
#include "process/status_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace lampyr::process {
namespace {

constexpr std::size_t kCommandLineLimit = std::size_t{1} << 20;

std::vector<std::string> split_arguments(std::string_view text) {
    std::vector<std::string> arguments;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        arguments.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    // A program that rewrites its own title leaves the rest of the area as NUL bytes.
    while (!arguments.empty() && arguments.back().empty()) arguments.pop_back();
    return arguments;
}

/// A living thread's number when the main thread has ended and others live, else the main thread's. `zombie` when none
/// lives.
Tid thread_to_ask(int directory, Pid pid, const StatLine& main, bool& zombie) {
    Tid tid(pid.value);
    zombie = main.is_dead();
    if (!zombie) return tid;
    const UniqueFd tasks(::openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return tid;
    std::string text;
    static_cast<void>(for_each_number(tasks.get(), [&](std::int32_t number) {
        if (read_file_at(directory, ProcPath::relative(Tid(number), "stat").c_str(), 4096, text) == 0) {
            const auto stat = parse_stat(text);
            if (stat && !stat->is_dead()) {
                tid = Tid(number);
                zombie = false;
            }
        }
        return zombie;
    }));
    return tid;
}

void read_executable(int directory, Tid tid, ProcessInfo& info) {
    info.executable = read_link_at(directory, ProcPath::relative(tid, "exe").c_str()).value_or(std::string{});
    constexpr std::string_view kDeleted = " (deleted)";
    info.executable_deleted = info.executable.ends_with(kDeleted);
    if (info.executable_deleted) info.executable.resize(info.executable.size() - kDeleted.size());
}

}  // namespace

Result<ProcessInfo> read_process_info(Pid pid) {
    const auto missing = [&] { return explain_absence(pid); };
    if (proc_view() != ProcView::kOurs) return missing();
    const UniqueFd directory(::open(ProcPath(pid, "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string text;
    if (!directory || read_file_at(directory.get(), "stat", 4096, text) != 0) return missing();
    const auto stat = parse_stat(text);
    if (!stat) return missing();

    ProcessInfo info;
    info.pid = pid;
    info.parent = Pid(stat->parent);
    info.start_time = stat->start_time;
    info.state = stat->state;
    info.kernel_thread = stat->is_kernel_thread();
    info.comm = stat->comm;
    const Tid tid = thread_to_ask(directory.get(), pid, *stat, info.zombie);

    if (read_file_at(directory.get(), "status", kStatusLimit, text) == 0) {
        const StatusFile status(text);
        if (const auto uids = status.ids("Uid"); !uids.empty()) info.uid = uids.front();
        for (const std::uint32_t number : status.ids("NSpid")) {
            info.namespace_pids.push_back(static_cast<std::int32_t>(number));
        }
    }
    if (read_file_at(directory.get(), ProcPath::relative(tid, "cmdline").c_str(), kCommandLineLimit, text) == 0) {
        info.arguments = split_arguments(text);
    }
    read_executable(directory.get(), tid, info);
    info.command_line =
        info.arguments.empty() ? fmt::format("[{}]", info.comm) : fmt::format("{}", fmt::join(info.arguments, " "));
    return info;
}

std::vector<Pid> list_children(Pid pid) {
    std::vector<Pid> children;
    const UniqueFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!proc) return children;
    std::string text;
    static_cast<void>(for_each_number(proc.get(), [&](std::int32_t number) {
        if (read_file(ProcPath(Pid(number), "stat").c_str(), 4096, text) == 0) {
            const auto stat = parse_stat(text);
            if (stat && stat->parent == pid.value) children.emplace_back(number);
        }
        return true;
    }));
    return children;
}

}  // namespace lampyr::process
