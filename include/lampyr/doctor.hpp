// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/error.hpp>
#include <lampyr/result.hpp>
#include <lampyr/target.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace lampyr {

/// What can be said of an interpreter that was found.
struct InterpreterFacts {
    std::string version;     ///< "3.13.0", "3.14.2t"
    std::string file;        ///< that holds it, as the process sees it; may be empty or deleted
    std::string how;         ///< it was found, in words
    std::string note;        ///< what a person should know of this version, normally empty
    bool own_layout = true;  ///< it publishes where its fields are (3.13+); false: a table for its version is used
};

/// One look at its threads, without stopping it.
struct ThreadFacts {
    std::size_t threads = 0;
    std::size_t active = 0;  ///< on a CPU or waiting for one
    std::size_t interpreters = 0;
    bool gil_held = false;
    std::chrono::nanoseconds read_time{0};  ///< median time of reading all stacks once
    bool cpu_time = false;                  ///< the kernel counts the threads' CPU time for us
};

/// Whether and how a process can be profiled. Text is the process's own where it says so and not safe for a terminal.
struct Diagnosis {
    Pid pid;
    std::string command_line;                     ///< the process's own
    std::string user;                             ///< it runs as
    std::string our_user;                         ///< lampyr runs as
    std::optional<std::int32_t> pid_inside;       ///< in a pid namespace of its own
    std::int32_t tracer = 0;                      ///< a process that traces it, so that it cannot be stopped by another
    std::string tracer_name;                      ///< that process's own
    bool stop_forbidden = false;                  ///< a seccomp filter on lampyr forbids ptrace
    std::optional<InterpreterFacts> interpreter;  ///< found
    std::optional<ThreadFacts> threads;           ///< read
    std::optional<Error> obstacle;                ///< why it cannot be profiled, and what to do about it
    [[nodiscard]] bool can_be_profiled() const { return !obstacle; }
};

/// Tries everything a recording does but stopping. kNoSuchProcess when there is no such process.
[[nodiscard]] Result<Diagnosis> diagnose(Pid pid, const AttachOptions& options = {});

/// One screen of text, made safe for a terminal.
[[nodiscard]] std::string format_diagnosis(const Diagnosis& diagnosis);

}  // namespace lampyr
