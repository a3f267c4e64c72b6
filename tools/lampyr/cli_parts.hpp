// SPDX-License-Identifier: MIT
#pragma once

#include "cli.hpp"
#include "option_words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lampyr::tool {

/// A command's options as typed. Every check with words of its own is made after CLI11 has split the line.
struct Typed {
    Words pids, files, only_threads, only_processes, only_functions, only_files;
    std::string by, top, time, delay, filter;
    std::string core;
    std::string output, format, duration, rate, max_cpu, summary_json;
    bool function = false, no_lines = false, threads = false, idle = false, gil = false, full_filenames = false;
    bool once = false, subprocesses = false, blocking = false, native = false, nonblocking = false, audit = false,
         verbose = false, tasks = false;
    bool json = false, source = false;
    int locals = 0;
    MessageWords messages;
};

/// Which processes, and how they are read.
void add_common(CLI::App& app, Typed& typed);

[[nodiscard]] Result<std::vector<Pid>> parse_pids(const Words& texts);
/// `verb` is what is to be done to a process: "record".
[[nodiscard]] Result<void> check_processes(const ProcessArgs& args, bool explicit_program, std::string_view verb);
/// --rate, --max-cpu, --duration, --idle, --gil, --blocking.
[[nodiscard]] Result<void> take_sampling(const Typed& typed, SamplerOptions& sampling);

/// Gives `app`, which has the command's name, its options; not for diff and check, see cli_compare.hpp.
void describe_command(CLI::App& app, Typed& typed);

void describe_top(CLI::App& app, Typed& typed);
[[nodiscard]] Result<Command> check_top(const Typed& typed, Words program, bool explicit_program);

}  // namespace lampyr::tool
