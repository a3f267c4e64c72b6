// SPDX-License-Identifier: MIT
#pragma once

#include "signals.hpp"

#include <lampyr/compare.hpp>
#include <lampyr/result.hpp>

#include <chrono>
#include <string>

namespace lampyr::tool {

struct RunOrders {
    std::string command;    ///< for a shell
    std::string directory;  ///< where; empty: here
    std::string log;        ///< a file for what it prints
    double rate_hz = 1000;
    double work = 1;
    std::string work_from;
};

struct MeasuredRun {
    Profile profile;
    RunFacts facts;
};

/// Starts the command, records it to its end, and counts the CPU time of all its processes. A run that fails, or of which
/// nothing could be recorded, is an error.
[[nodiscard]] Result<MeasuredRun> measure(const RunOrders& orders, const StopSignals& signals);

}  // namespace lampyr::tool
