// SPDX-License-Identifier: MIT
#include "process/permissions.hpp"

#include "process/proc_file.hpp"
#include "process/stat_line.hpp"
#include "process/status_file.hpp"
#include "process/user_database.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

namespace lampyr::process {
namespace {

constexpr unsigned kCapSysPtrace = 19;  // linux/capability.h

bool exists(const char* path) {
    struct stat unused {};
    return ::stat(path, &unused) == 0;
}

bool is_descendant(std::int32_t pid) {
    const std::int32_t us = ::getpid();
    std::string text;
    for (int depth = 0; pid > 1 && depth < 4096; ++depth) {
        if (read_file(ProcPath(Pid(pid), "stat").c_str(), 4096, text) != 0) return false;
        const auto stat = parse_stat(text);
        if (!stat) return false;
        pid = stat->parent;
        if (pid == us) return true;
    }
    return false;
}

bool has_living_thread(Pid pid) {
    const UniqueFd tasks(::open(ProcPath(pid, "task").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    bool living = false;
    std::string text;
    if (tasks) {
        static_cast<void>(for_each_number(tasks.get(), [&](std::int32_t tid) {
            if (read_file(ProcPath(pid, Tid(tid), "stat").c_str(), 4096, text) == 0) {
                const auto stat = parse_stat(text);
                living = stat && !stat->is_dead();
            }
            return !living;
        }));
    }
    return living;
}

void gather_target(AccessFacts& facts) {
    std::string text;
    if (read_file(ProcPath(facts.pid, "stat").c_str(), 4096, text) != 0) {
        facts.exists = false;
        return;
    }
    if (const auto stat = parse_stat(text)) {
        facts.zombie = stat->is_dead() && !has_living_thread(facts.pid);
        facts.kernel_thread = stat->is_kernel_thread();
    }
    if (read_file(ProcPath(facts.pid, "status").c_str(), kStatusLimit, text) == 0) {
        const StatusFile status(text);
        const auto uids = status.ids("Uid");
        if (!uids.empty()) facts.target_shown_uid = uids[0];
        if (uids.size() >= 3 && uids[0] == uids[1] && uids[1] == uids[2]) facts.target_uid = uids[0];
        facts.tracer = static_cast<std::int32_t>(status.number("TracerPid").value_or(0));
    }
    // The files of a process that is not dumpable belong to root; the directory itself always to its user.
    struct stat file {};
    if (::stat(ProcPath(facts.pid, "stat").c_str(), &file) == 0) {
        facts.dumpable = !(file.st_uid == 0 && facts.target_uid.value_or(facts.target_shown_uid) != 0);
    }
    if (facts.tracer > 0) {
        static_cast<void>(read_file(ProcPath(Pid(facts.tracer), "comm").c_str(), 256, text));
        facts.tracer_name = text.substr(0, text.find('\n'));
    }
    facts.descendant = is_descendant(facts.pid.value);
}

void gather_ourselves(AccessFacts& facts) {
    facts.our_uid = ::geteuid();
    std::string text;
    if (read_file("/proc/thread-self/status", kStatusLimit, text) == 0) {
        const StatusFile status(text);
        const std::uint64_t capabilities = status.hex("CapEff").value_or(0);
        facts.cap_sys_ptrace = ((capabilities >> kCapSysPtrace) & 1) != 0;
        facts.seccomp = static_cast<int>(status.number("Seccomp").value_or(0));
    }
    if (read_file("/proc/self/uid_map", 4096, text) == 0) {
        // The initial user namespace maps every id to itself in one line: "0 0 4294967295".
        facts.initial_user_namespace = text.find("4294967295") != text.npos;
    }
    if (read_file("/proc/sys/kernel/yama/ptrace_scope", 16, text) == 0) {
        facts.yama = parse_number<int>(std::string_view(text).substr(0, text.find('\n'))).value_or(0);
    }
    facts.selinux = exists("/sys/fs/selinux/enforce");
    facts.container = detect_container();
}

std::string_view capability_hint(Container container) {
    switch (container) {
        case Container::kDocker: return "start the container with: docker run --cap-add=SYS_PTRACE …";
        case Container::kPodman: return "start the container with: podman run --cap-add=SYS_PTRACE …";
        case Container::kKubernetes:
            return "add to the container's specification: securityContext: {capabilities: {add: [SYS_PTRACE]}}";
        case Container::kOther: return "give the container the capability CAP_SYS_PTRACE";
        case Container::kNone: break;
    }
    return "run it from a root shell that has CAP_SYS_PTRACE, or in a systemd unit with "
           "AmbientCapabilities=CAP_SYS_PTRACE";
}

/// Not root: what makes us root here.
std::string_view root_hint(Container container) {
    switch (container) {
        case Container::kDocker: return "run it as root in the container: docker exec --user 0 --privileged …";
        case Container::kPodman: return "run it as root in the container: podman exec --user 0 --privileged …";
        case Container::kKubernetes:
            return "run it as root beside the container: kubectl debug --profile=sysadmin --target=…";
        case Container::kOther: return "run the same command as root in the container";
        case Container::kNone: break;
    }
    return "put sudo before the command: sudo lampyr …";
}

Error refused(const AccessFacts& facts, std::string_view why, std::string_view hint) {
    return Error{ErrorCode::kPermission, fmt::format("cannot read process {}: {}", facts.pid.value, why),
                 std::string(hint), facts.os_errno};
}

/// We lack the capability: the ordinary rules apply, in the order the kernel has them.
std::optional<Error> explain_without_capability(const AccessFacts& facts) {
    const std::string_view hint = facts.our_uid == 0 ? capability_hint(facts.container) : root_hint(facts.container);
    if (facts.target_uid != facts.our_uid) {
        if (facts.our_uid == 0) {
            return refused(facts, "it belongs to another user and root lacks the capability CAP_SYS_PTRACE here", hint);
        }
        if (!facts.target_uid) {
            return refused(facts, fmt::format("it is a set-uid program of {}", user_name(facts.target_shown_uid)),
                           hint);
        }
        return refused(facts,
                       fmt::format("it belongs to {} and lampyr runs as {}", user_name(*facts.target_uid),
                                   user_name(facts.our_uid)),
                       hint);
    }
    if (facts.yama == 1 && !facts.descendant) {
        return refused(
            facts, "this system lets a process be read by its parents only (kernel.yama.ptrace_scope is 1)",
            facts.our_uid == 0 ? hint
            : facts.container != Container::kNone
                ? hint
                : "put sudo before the command, or start the program through lampyr: lampyr record -- PROGRAM …");
    }
    if (facts.yama == 2) {
        return refused(facts, "this system lets only root read other processes (kernel.yama.ptrace_scope is 2)", hint);
    }
    if (facts.our_uid == 0) return refused(facts, "root lacks the capability CAP_SYS_PTRACE here", hint);
    return std::nullopt;
}

}  // namespace

std::string user_name(std::uint32_t uid) {
    const auto name = name_of_user(uid);
    return name ? fmt::format("{} (uid {})", terminal_safe(*name), uid) : fmt::format("uid {}", uid);
}

Container detect_container() {
    if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr || exists("/var/run/secrets/kubernetes.io")) {
        return Container::kKubernetes;
    }
    if (exists("/run/.containerenv")) return Container::kPodman;
    if (exists("/.dockerenv")) return Container::kDocker;
    std::string text;
    if (read_file("/proc/self/cgroup", 65536, text) == 0) {
        if (text.find("kubepods") != text.npos) return Container::kKubernetes;
        if (text.find("libpod") != text.npos) return Container::kPodman;
        if (text.find("docker") != text.npos) return Container::kDocker;
        if (text.find("/lxc") != text.npos || text.find("containerd") != text.npos) return Container::kOther;
    }
    return std::getenv("container") != nullptr ? Container::kOther : Container::kNone;  // set by systemd-nspawn and lxc
}

AccessFacts gather_access_facts(Pid pid, int os_errno) {
    AccessFacts facts;
    facts.pid = pid;
    facts.os_errno = os_errno;
    gather_target(facts);
    gather_ourselves(facts);
    return facts;
}

Error filter_refusal(const AccessFacts& facts) {
    return refused(facts, "a seccomp filter on lampyr forbids the calls that read another process",
                   facts.container == Container::kPodman
                       ? "start the container with: podman run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined …"
                   : facts.container == Container::kDocker
                       ? "start the container with: docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined …"
                   : facts.container == Container::kKubernetes
                       ? "add to the container's specification: securityContext: {seccompProfile: {type: Unconfined}}"
                       : "run it outside of the sandbox");
}

Error explain(const AccessFacts& facts) {
    const int pid = facts.pid.value;
    if (!facts.exists) {
        return {ErrorCode::kNoSuchProcess, fmt::format("process {} does not exist", pid), {}, facts.os_errno};
    }
    if (facts.zombie) {
        return {ErrorCode::kNoSuchProcess,
                fmt::format("process {} has ended and waits to be collected by its parent (a zombie)", pid),
                {},
                facts.os_errno};
    }
    if (facts.kernel_thread) {
        return {ErrorCode::kNotPython, fmt::format("process {} is a thread of the kernel", pid), {}, facts.os_errno};
    }
    if (facts.yama >= 3) {
        return refused(facts,
                       "this system forbids reading processes until it is rebooted (kernel.yama.ptrace_scope is 3)",
                       "set kernel.yama.ptrace_scope to 1 in /etc/sysctl.d and reboot");
    }
    if (!facts.cap_sys_ptrace) {
        if (auto error = explain_without_capability(facts)) return *std::move(error);
    } else if (!facts.initial_user_namespace && facts.os_errno != ENOSYS) {
        return refused(facts, "lampyr is root in a user namespace only, and the process is outside of it",
                       facts.container == Container::kNone ? "run it outside of the user namespace: sudo lampyr …"
                                                           : "run it on the host: sudo lampyr …");
    }
    if (facts.os_errno == ENOSYS) {
        return refused(facts, "this kernel has no process_vm_readv, and /proc/PID/mem cannot be opened either",
                       "use a kernel with CONFIG_CROSS_MEMORY_ATTACH");
    }
    if (facts.seccomp != 0) return filter_refusal(facts);
    if (!facts.dumpable && !facts.cap_sys_ptrace) {
        return refused(facts, "it has made itself unreadable (PR_SET_DUMPABLE is 0, or its file has capabilities)",
                       root_hint(facts.container));
    }
    if (facts.tracer > 0) {
        return refused(
            facts, fmt::format("it is being traced by process {} ({})", facts.tracer, terminal_safe(facts.tracer_name)),
            "end that tracer, or do not use --blocking");
    }
    return refused(facts, "a security module (SELinux, AppArmor or the like) forbids it",
                   facts.selinux ? "sudo setsebool deny_ptrace 0"
                                 : "look for the denial with: sudo journalctl -k | grep -i denied");
}

Error explain_access_failure(Pid pid, int os_errno) { return explain(gather_access_facts(pid, os_errno)); }

}  // namespace lampyr::process
