// SPDX-License-Identifier: MIT
#include "process/proc_view.hpp"

#include "process/proc_file.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

namespace lampyr::process {

ProcView proc_view() {
    // The link holds our own number in the namespace that /proc was mounted for, and nothing outside of that namespace.
    const auto self = read_link_at(AT_FDCWD, "/proc/self");
    if (self && parse_number<pid_t>(*self) == ::getpid()) return ProcView::kOurs;
    struct statfs system {};
    const bool proc = ::statfs("/proc", &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
    return proc ? ProcView::kForeign : ProcView::kMissing;
}

Error explain_absence(Pid pid) {
    switch (proc_view()) {
        case ProcView::kMissing:
            return {ErrorCode::kSystem, "/proc is not mounted here, and without it no process can be seen",
                    "mount it: mount -t proc proc /proc", ENOENT};
        case ProcView::kForeign:
            return {ErrorCode::kSystem, "/proc shows the processes of another pid namespace than the one lampyr is in",
                    "mount its own: mount -t proc proc /proc", ENOENT};
        case ProcView::kOurs: break;
    }
    // Signal 0 is sent to nobody, but the kernel looks for the process.
    if (pid.value > 0 && ::kill(pid.value, 0) != 0 && errno == EPERM)
        return {ErrorCode::kPermission,
                fmt::format("process {} belongs to another user, and /proc hides it (it is mounted with hidepid)",
                            pid.value),
                "put sudo before the command: sudo lampyr …", EPERM};
    return {ErrorCode::kNoSuchProcess, fmt::format("process {} does not exist", pid.value), {}, ESRCH};
}

}  // namespace lampyr::process
