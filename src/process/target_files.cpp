// SPDX-License-Identifier: MIT
#include "process/target_files.hpp"

#include "process/permissions.hpp"
#include "process/proc_file.hpp"
#include "process/status_file.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <cerrno>
#include <string>

namespace lampyr::process {
namespace {

UniqueFd name_inside(int root, const std::string& path) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

/// A descriptor that names a file without opening it. Following the kernel's own links (exe, map_files, root) is
/// wanted.
UniqueFd name_at(int directory, const char* path) { return UniqueFd(::openat(directory, path, O_PATH | O_CLOEXEC)); }

/// The same for a path of the target's, resolved inside `root`.
UniqueFd name_in_root(int root, const std::string& path) {
    if (UniqueFd name = name_inside(root, path); name || (errno != ENOSYS && errno != EPERM)) return name;
    // Before Linux 5.6 and in sandboxes that do not know the call: no link may be the last part. Links further up could
    // lead out of the root; whoever opens what we find compares device and inode.
    const std::size_t start = path.find_first_not_of('/');
    const char* relative = start == path.npos ? "." : path.c_str() + start;
    return UniqueFd(::openat(root, relative, O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

/// Opens what `name` names for reading, if it is a regular file; else empty with errno set.
UniqueFd open_named(const UniqueFd& name) {
    struct stat file {};
    if (!name || ::fstat(name.get(), &file) != 0) return {};
    if (!S_ISREG(file.st_mode)) {
        errno = ENOENT;
        return {};
    }
    return UniqueFd(::open(fmt::format("/proc/self/fd/{}", name.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
}

/// Whether `name` is the mapped file. overlayfs and btrfs show other device (and inode) numbers in maps than in stat:
/// there the path must do, unless the kernel says that it is not the file's any more.
bool is_mapped_file(const UniqueFd& name, const Mapping& mapping) {
    struct stat file {};
    if (!name || ::fstat(name.get(), &file) != 0) return false;
    if (file.st_ino == mapping.inode && file.st_dev == ::makedev(mapping.device_major, mapping.device_minor))
        return true;
    struct statfs system {};
    if (mapping.deleted || ::fstatfs(name.get(), &system) != 0) return false;
    const auto type = static_cast<std::uint64_t>(system.f_type);
    return type == OVERLAYFS_SUPER_MAGIC || (type == BTRFS_SUPER_MAGIC && file.st_ino == mapping.inode);
}

/// Leaf of /proc/PID, or of the task directory of a living thread if the main thread has ended.
UniqueFd name_of(const ProcessHandle& process, const char* leaf) {
    const auto tid = process.living_thread();
    if (!tid) {
        errno = ESRCH;
        return {};
    }
    return name_at(process.proc_dir(), ProcPath::relative(*tid, leaf).c_str());
}

UniqueFd open_in_root(const ProcessHandle& process, const Mapping& mapping) {
    const UniqueFd root = name_of(process, "root");
    if (!root) return {};
    const UniqueFd name = name_in_root(root.get(), mapping.path);
    if (!name) return {};
    if (is_mapped_file(name, mapping)) return open_named(name);
    errno = ENOENT;
    return {};
}

}  // namespace

Result<UniqueFd> open_mapped_file(const ProcessHandle& process, const Mapping& mapping) {
    if (!mapping.is_file()) {
        return os_error(ErrorCode::kSystem, fmt::format("no file is mapped at {:#x}", mapping.start.value), ENOENT);
    }
    const std::string range = fmt::format("map_files/{:x}-{:x}", mapping.start.value, mapping.end.value);
    if (UniqueFd file = open_named(name_at(process.proc_dir(), range.c_str()))) return file;
    if (const UniqueFd name = name_of(process, "exe"); is_mapped_file(name, mapping)) {
        struct stat file {};
        // Only an exact match: on overlayfs every path "could be" the file.
        if (::fstat(name.get(), &file) == 0 && file.st_ino == mapping.inode) {
            if (UniqueFd executable = open_named(name)) return executable;
        }
    }
    if (UniqueFd file = open_in_root(process, mapping)) return file;
    const int error = errno;
    if (error == EACCES || error == EPERM) return explain_access_failure(process.pid(), error);
    return os_error(ErrorCode::kSystem, fmt::format("cannot open {}", terminal_safe(mapping.path)), error);
}

Result<UniqueFd> open_mapped_file(Pid pid, const Mapping& mapping) {
    const auto process = ProcessHandle::open(pid);
    if (!process) return process.error();
    return open_mapped_file(*process, mapping);
}

Result<UniqueFd> open_executable(const ProcessHandle& process) {
    if (UniqueFd file = open_named(name_of(process, "exe"))) return file;
    return explain_access_failure(process.pid(), errno);
}

Result<UniqueFd> open_readable_file(const ProcessHandle& process, std::string_view path) {
    const auto refused = [path](int error) {
        return os_error(ErrorCode::kSystem, fmt::format("cannot open {}", terminal_safe(path)), error);
    };
    if (path.empty() || path.find('\0') != path.npos) return refused(ENOENT);
    const auto tid = process.living_thread();
    const UniqueFd root = name_of(process, "root");
    if (!tid || !root) return refused(ESRCH);
    std::string whole(path);
    if (path.front() != '/') {
        const auto directory = read_link_at(process.proc_dir(), ProcPath::relative(*tid, "cwd").c_str());
        if (!directory) return refused(ENOENT);
        whole = fmt::format("{}/{}", *directory, path);
    }
    const UniqueFd name = name_inside(root.get(), whole);
    struct stat file {};
    if (!name || ::fstat(name.get(), &file) != 0) return refused(errno);
    std::string status;
    if (read_file_at(process.proc_dir(), "status", kStatusLimit, status) != 0) return refused(ESRCH);
    const auto users = StatusFile(status).ids("Uid");  // real, effective, …
    const bool own = users.size() > 1 && file.st_uid == users[1] && (file.st_mode & S_IRUSR) != 0;
    if (!own && (file.st_mode & S_IROTH) == 0) return refused(EACCES);
    UniqueFd opened = open_named(name);
    return opened ? Result<UniqueFd>(std::move(opened)) : refused(errno);
}

bool file_exists_in_target(const ProcessHandle& process, std::string_view path) {
    if (path.empty() || path.find('\0') != path.npos) return false;
    const UniqueFd root = name_of(process, "root");
    if (!root) return false;
    if (path.front() == '/') return static_cast<bool>(name_in_root(root.get(), std::string(path)));
    const auto tid = process.living_thread();
    const auto directory =
        tid ? read_link_at(process.proc_dir(), ProcPath::relative(*tid, "cwd").c_str()) : std::nullopt;
    return directory && name_in_root(root.get(), fmt::format("{}/{}", *directory, path));
}

bool file_exists_in_target(Pid pid, std::string_view path) {
    const auto process = ProcessHandle::open(pid);
    return process && file_exists_in_target(*process, path);
}

}  // namespace lampyr::process
