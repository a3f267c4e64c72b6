// SPDX-License-Identifier: MIT
#include "process/filter_probe.hpp"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace lampyr::process {
namespace {

/// `call` makes the system call and says whether the kernel itself answered. The child does nothing that is not
/// async-signal-safe: it may be the copy of a process with threads.
template <typename Call>
FilterVerdict probe(Call&& call) {
    const pid_t child = ::fork();
    if (child < 0) return FilterVerdict::kAllows;  // not known; the call itself will tell
    if (child == 0) {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::signal(SIGSYS, SIG_DFL);
        ::_exit(call() ? 0 : 1);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return FilterVerdict::kAllows;
    }
    if (WIFSIGNALED(status)) return FilterVerdict::kKills;
    return WEXITSTATUS(status) == 0 ? FilterVerdict::kAllows : FilterVerdict::kRefuses;
}

}  // namespace

FilterVerdict probe_reading() {
    return probe([] {
        char byte = 0;
        const iovec here{&byte, 1};
        const iovec nowhere{nullptr, 1};
        return ::process_vm_readv(::getpid(), &here, 1, &nowhere, 1, 0) >= 0 || errno == EFAULT;
    });
}

FilterVerdict probe_stopping() {
    // Nobody traces himself, so the kernel says that there is no such tracee.
    return probe([] { return ::ptrace(PTRACE_DETACH, ::getpid(), nullptr, nullptr) == 0 || errno == ESRCH; });
}

}  // namespace lampyr::process
