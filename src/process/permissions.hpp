// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/error.hpp>
#include <lampyr/ids.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace lampyr::process {

enum class Container : std::uint8_t { kNone, kDocker, kPodman, kKubernetes, kOther };

/// Everything the kernel's permission checks depend on (ptrace(2), "Ptrace access mode checking"), as far as /proc
/// shows it.
struct AccessFacts {
    Pid pid;
    int os_errno = 0;  ///< what the refused call said
    bool exists = true;
    bool zombie = false;
    bool kernel_thread = false;
    std::uint32_t our_uid = 0;
    bool cap_sys_ptrace = false;  ///< effective, in our user namespace
    bool initial_user_namespace = true;
    int seccomp = 0;  ///< of ourselves: 0 none, 1 strict, 2 filter
    Container container = Container::kNone;
    std::optional<std::uint32_t> target_uid;  ///< nothing: three different ids (set-uid program)
    std::uint32_t target_shown_uid = 0;       ///< real uid, for words
    bool dumpable = true;     ///< false: the files in /proc/PID belong to root though the process does not
    bool descendant = false;  ///< we are a parent or ancestor of it
    int yama = 0;             ///< kernel.yama.ptrace_scope, 0 where there is no Yama
    bool selinux = false;
    std::int32_t tracer = 0;
    std::string tracer_name;  ///< as the kernel has it, not yet safe for a terminal
};

[[nodiscard]] AccessFacts gather_access_facts(Pid pid, int os_errno);

/// The first rule that explains the refusal, as one sentence, and in the hint the one thing to do about it.
[[nodiscard]] Error explain(const AccessFacts& facts);

/// A seccomp filter on us is the reason, and how to be without it.
[[nodiscard]] Error filter_refusal(const AccessFacts& facts);

/// Why the kernel refused to let us read process `pid`. Reads /proc only; cheap enough for every failure, not for a
/// loop.
[[nodiscard]] Error explain_access_failure(Pid pid, int os_errno);

/// "name (uid N)", or "uid N" where it has no name here; safe for a terminal.
[[nodiscard]] std::string user_name(std::uint32_t uid);

/// Which kind of container we run in ourselves.
[[nodiscard]] Container detect_container();

}  // namespace lampyr::process
