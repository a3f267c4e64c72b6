// SPDX-License-Identifier: MIT
#pragma once

#include "messages.hpp"
#include "process_files.hpp"

#include <lampyr/export.hpp>
#include <lampyr/sampler.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace lampyr::tool {

/// Everything the closing words are made of.
struct Outcome {
    const Recording& recording;
    const SamplerOptions& options;
    Format format = Format::kFlamegraph;
    std::string path;  ///< of the profile, or the pattern of several
    bool to_stdout = false;
    std::uint64_t bytes = 0;           ///< size of the profile
    int signal = 0;                    ///< that ended the recording; 0: none
    std::vector<ProcessFile> files{};  ///< one a process, if that was asked for
};

/// What the user should know before trusting the numbers, each with what to type instead. Empty: all is well.
[[nodiscard]] std::vector<std::string> warnings(const Outcome& outcome);

/// At most twelve lines, warnings included, each ended by a newline; safe for a terminal.
[[nodiscard]] std::string summary_text(const Outcome& outcome, Verbosity verbosity);

/// One JSON object. Numbers, names of functions and files; no arguments of the target, which may hold secrets.
[[nodiscard]] std::string summary_json(const Outcome& outcome);

}  // namespace lampyr::tool
