// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lampyr {

struct ExitStatus {
    int code = 0;    ///< exit code when `signal` is 0
    int signal = 0;  ///< signal that ended the process, else 0
};

/// Open descriptors that stand for a program's standard streams; -1: ours.
struct ProgramStreams {
    int in = -1;
    int out = -1;
    int err = -1;
};

struct SpawnOptions {
    std::vector<std::string> arguments;  ///< program (looked up in PATH like a shell does) and its arguments
    /// How long the program may take to become a running Python before `open` gives up.
    std::chrono::milliseconds startup_timeout{10'000};
    ProgramStreams streams{};
    const std::atomic<bool>* stop = nullptr;  ///< set by a signal handler: give up waiting (kStopped)
};

struct AttachOptions {
    /// A process that is Python but not initialised yet is retried for this long.
    std::chrono::milliseconds startup_timeout{1'000};
    const std::atomic<bool>* stop = nullptr;  ///< as in SpawnOptions
};

/// A program started by us that need not be Python itself, nor ever: for `SamplerOptions::follow`. It has our stdin, stdout
/// and stderr, and is never killed.
class Program {
  public:
    /// The first argument is looked up in PATH. kProgramNotFound / kProgramNotExecutable as a shell would say.
    [[nodiscard]] static Result<Program> spawn(const std::vector<std::string>& arguments,
                                               const ProgramStreams& streams = {});

    Program(Program&&) noexcept;
    Program& operator=(Program&&) noexcept;
    ~Program();

    [[nodiscard]] Pid pid() const;
    /// Waits for it to end and returns how.
    [[nodiscard]] ExitStatus wait();

  private:
    struct Impl;
    explicit Program(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// The arguments of a process joined by blanks; not yet safe for a terminal. kNoSuchProcess when there is none.
[[nodiscard]] Result<std::string> command_line_of(Pid pid);

/// The processes that descend from this one, itself first, each behind its parent.
[[nodiscard]] Result<std::vector<Pid>> process_tree(Pid root);

/// A Python process that can be read: found, permitted, its interpreter located and its layout known.
/// Never stopped or changed by being opened. Owns the child in spawn mode: it is waited for, never killed.
class Target {
  public:
    [[nodiscard]] static Result<Target> attach(Pid pid, const AttachOptions& options = {});
    /// Starts the program with our stdin, stdout and stderr. kProgramNotFound / kProgramNotExecutable as a shell would say.
    /// A program that ends before it becomes Python is kNotPython (its status is in `exit_status` of the error's hint).
    [[nodiscard]] static Result<Target> spawn(const SpawnOptions& options);

    Target(Target&&) noexcept;
    Target& operator=(Target&&) noexcept;
    ~Target();

    [[nodiscard]] Pid pid() const;
    [[nodiscard]] const std::string& command_line() const;
    [[nodiscard]] const std::string& executable() const;
    [[nodiscard]] std::string python_version() const;  ///< "3.13.0", "3.14.2t"
    /// What a person should know before trusting what is read (a version newer than known, a second interpreter), in words of
    /// which some are the target's own; normally empty.
    [[nodiscard]] const std::string& note() const;

    /// Spawn mode: waits for the child to end and returns how. Attach mode: nothing.
    [[nodiscard]] std::optional<ExitStatus> wait();

    struct Impl;
    [[nodiscard]] Impl& impl() const { return *impl_; }  ///< internal

  private:
    explicit Target(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace lampyr
