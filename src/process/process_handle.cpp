// SPDX-License-Identifier: MIT
#include "process/process_handle.hpp"

#include "process/proc_file.hpp"
#include "process/proc_view.hpp"
#include "process/stat_line.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

namespace lampyr::process {
namespace {

/// Longest stat line: a 64-byte name (kernel threads) and about 50 numbers.
constexpr std::size_t kStatLimit = 4096;

std::optional<StatLine> read_stat(int directory, const char* path, std::array<char, kStatLimit>& buffer) {
    const UniqueFd fd(::openat(directory, path, O_RDONLY | O_CLOEXEC));
    if (!fd) return std::nullopt;
    const auto text = read_start(fd.get(), buffer);
    return text ? parse_stat(*text) : std::nullopt;
}

Error no_such_process(Pid pid, std::string_view why) {
    return Error{ErrorCode::kNoSuchProcess, fmt::format("process {} {}", pid.value, why), {}, ESRCH};
}

}  // namespace

Result<ProcessHandle> ProcessHandle::open(Pid pid) {
    if (pid.value <= 0) return no_such_process(pid, "is not a process id");
    if (proc_view() != ProcView::kOurs) return explain_absence(pid);  // or its directory would be another process's
    ProcessHandle handle;
    handle.pid_ = pid;
    handle.proc_dir_.reset(::open(ProcPath(pid, "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.proc_dir_) {
        if (errno == ENOENT || errno == ESRCH) return explain_absence(pid);
        return os_error(ErrorCode::kSystem, fmt::format("cannot open /proc/{}", pid.value), errno);
    }
    handle.pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid.value, 0)));
    if (!handle.pidfd_) {
        if (errno == ESRCH) return no_such_process(pid, "does not exist");
        // EINVAL: the number of a thread that is not a main thread, which /proc shows but a process list does not.
        if (errno == EINVAL) return no_such_process(pid, "is a thread, not a process");
        if (errno != ENOSYS && errno != EPERM) {
            return os_error(ErrorCode::kSystem, fmt::format("cannot open process {}", pid.value), errno);
        }
    }
    std::array<char, kStatLimit> buffer;
    const auto stat = read_stat(handle.proc_dir_.get(), "stat", buffer);
    // The descriptor and the directory were opened one after the other: both name the process that is alive now.
    if (!stat || handle.exited()) return no_such_process(pid, stat ? "has already ended" : "does not exist");
    handle.start_time_ = stat->start_time;
    handle.accept_image();
    return handle;
}

bool ProcessHandle::exited() const {
    if (pidfd_) {
        pollfd poll{pidfd_.get(), POLLIN, 0};
        return ::poll(&poll, 1, 0) > 0;
    }
    return !living_thread();
}

std::optional<Tid> ProcessHandle::living_thread() const {
    std::array<char, kStatLimit> buffer;
    const auto main_stat = read_stat(proc_dir_.get(), "stat", buffer);
    if (main_stat && !main_stat->is_dead()) return Tid(pid_.value);
    const UniqueFd tasks(::openat(proc_dir_.get(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return std::nullopt;
    std::optional<Tid> found;
    const int error = for_each_number(tasks.get(), [&](std::int32_t number) {
        const auto stat = read_stat(proc_dir_.get(), ProcPath::relative(Tid(number), "stat").c_str(), buffer);
        if (stat && !stat->is_dead()) found = Tid(number);
        return !found;
    });
    return error == 0 ? found : std::nullopt;
}

bool ProcessHandle::has_thread(Tid tid) const {
    struct stat unused {};
    return ::fstatat(proc_dir_.get(), ProcPath::relative(tid, "").c_str(), &unused, 0) == 0;
}

UniqueFd ProcessHandle::open_file(const char* leaf) const {
    UniqueFd fd;
    const auto tid = living_thread();
    if (!tid) {
        errno = ESRCH;
    } else if (tid->value == pid_.value) {
        fd.reset(::openat(proc_dir_.get(), leaf, O_RDONLY | O_CLOEXEC));
    } else {
        fd.reset(::openat(proc_dir_.get(), ProcPath::relative(*tid, leaf).c_str(), O_RDONLY | O_CLOEXEC));
    }
    return fd;
}

ProcessHandle::Image ProcessHandle::read_image() const {
    Image image;
    const auto tid = living_thread();
    if (!tid) return image;
    struct stat exe {};
    if (::fstatat(proc_dir_.get(), ProcPath::relative(*tid, "exe").c_str(), &exe, 0) == 0) {
        image.device = exe.st_dev;
        image.inode = exe.st_ino;
    }
    std::array<char, kStatLimit> buffer;
    if (const auto stat = read_stat(proc_dir_.get(), ProcPath::relative(*tid, "stat").c_str(), buffer)) {
        image.start_code = stat->start_code;
        image.start_stack = stat->start_stack;
    }
    return image;
}

bool ProcessHandle::image_changed() const {
    // An address space nobody uses any more reads as end of file; a living one gives a byte or EIO for address 0.
    char byte = 0;
    if (memory_ && ::pread(memory_.get(), &byte, 1, 0) == 0) return !exited();
    // Also compare the image itself: a vfork child shares its parent's address space until it calls execve.
    const Image now = read_image();
    const auto differs = [](std::uint64_t a, std::uint64_t b) { return a != 0 && b != 0 && a != b; };
    return differs(now.device, image_.device) || differs(now.inode, image_.inode) ||
           differs(now.start_code, image_.start_code) || differs(now.start_stack, image_.start_stack);
}

void ProcessHandle::accept_image() {
    image_ = read_image();
    memory_ = open_file("mem");
}

}  // namespace lampyr::process
