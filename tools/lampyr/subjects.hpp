// SPDX-License-Identifier: MIT
#pragma once

#include "cli.hpp"
#include "signals.hpp"

#include <lampyr/target.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lampyr::tool {

/// What is recorded: processes known to be Python, or (`--subprocesses`) those among which Python is looked for.
struct Subjects {
    std::vector<Target> targets{};
    std::optional<Program> program{};  ///< started by us, and followed
    std::vector<Pid> follow{};
    Pid first{};
    std::string command_line{};  ///< of the first

    [[nodiscard]] std::size_t size() const { return targets.size() + follow.size(); }
    /// Of the program we started.
    [[nodiscard]] std::optional<ExitStatus> wait() { return program ? program->wait() : targets.front().wait(); }
};

/// Attaches or starts. A program gets `streams`; a stop signal ends the wait for its interpreter.
[[nodiscard]] Result<Subjects> open_subjects(const ProcessArgs& args, const StopSignals& signals,
                                             const ProgramStreams& streams = {});

}  // namespace lampyr::tool
