// SPDX-License-Identifier: MIT
#pragma once

#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lampyr::process {

/// How a process ended.
struct WaitStatus {
    int code = 0;    ///< exit code when `signal` is 0; 125 when somebody else collected the process
    int signal = 0;  ///< signal that ended it, else 0
    bool core_dumped = false;
};

/// The user that called sudo, from SUDO_UID and SUDO_GID; nothing unless we run as root and both are numbers.
struct Invoker {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};
[[nodiscard]] std::optional<Invoker> sudo_invoker();

/// Descriptors that stand for the program's standard streams; -1: ours.
struct Streams {
    int in = -1;
    int out = -1;
    int err = -1;
};

/// A program started by us, as a shell would have started it: our stdin, stdout, stderr, process group (Ctrl-C reaches
/// it as it would without us), environment and the calling thread's signal mask; handlers are gone, ignored signals
/// stay ignored. Under sudo it runs as the user who called sudo, groups included. It outlives us, and nothing here ever
/// kills it. This object is the one place that waits for it.
class Child {
  public:
    /// `arguments[0]` is looked up in PATH when it holds no slash. kProgramNotFound and kProgramNotExecutable are what
    /// a shell reports as 127 and 126; they come from execve itself, so success means that the program runs.
    [[nodiscard]] static Result<Child> spawn(const std::vector<std::string>& arguments, const Streams& streams = {});

    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    /// Collects the child if it has ended by then; a running one is left to itself.
    ~Child();

    [[nodiscard]] Pid pid() const { return pid_; }
    /// Nothing while it runs. Never blocks.
    [[nodiscard]] std::optional<WaitStatus> try_wait();
    [[nodiscard]] WaitStatus wait();

  private:
    explicit Child(Pid pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

    Pid pid_;
    UniqueFd pidfd_;
    std::optional<WaitStatus> status_;
};

}  // namespace lampyr::process
