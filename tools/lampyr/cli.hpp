// SPDX-License-Identifier: MIT
#pragma once

#include "check_args.hpp"
#include "messages.hpp"
#include "top/statistics.hpp"
#include "top/stream.hpp"

#include <lampyr/compare.hpp>
#include <lampyr/dump.hpp>
#include <lampyr/export.hpp>
#include <lampyr/sampler.hpp>
#include <lampyr/transform.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lampyr::tool {

/// Text to print instead of doing something.
struct ShowText {
    std::string text;
    bool asked = true;  ///< false: nothing was asked for, so this is a usage error
};

/// Which processes.
struct ProcessArgs {
    std::vector<Pid> pids{};             ///< attach to these, or
    std::vector<std::string> program{};  ///< start this
    bool subprocesses = false;           ///< and follow what these start; they need not be Python themselves

    [[nodiscard]] bool spawns() const { return !program.empty(); }
};

struct RecordArgs : ProcessArgs {
    std::string output;        ///< empty: a name is made up; "-": standard output
    std::string summary_json;  ///< empty: none
    Format format = Format::kFlamegraph;
    bool format_guessed_wrongly = false;  ///< the extension names no format, so the default was taken
    SamplerOptions sampling;
    ExportOptions exporting;
    Verbosity verbosity = Verbosity::kNormal;
    ColourChoice colour = ColourChoice::kAuto;
};

struct TopArgs : ProcessArgs {
    std::string output{};                  ///< what the key `w` writes; empty: a name is made up
    std::optional<StreamFormat> stream{};  ///< tables to standard output; none: a screen
    bool once = false;                     ///< one table
    std::size_t rows = 20;                 ///< of a table that is not on a screen
    std::chrono::milliseconds delay{1000};
    RowKind by = RowKind::kFunction;
    std::string filter{};
    bool full_filenames = false;
    SamplerOptions sampling{};
    ColourChoice colour = ColourChoice::kAuto;
};

struct DumpArgs {
    Pid pid;
    bool subprocesses = false;
    DumpOptions reading;
    DumpTextOptions text;  ///< `colour` is decided when printing
    ColourChoice colour = ColourChoice::kAuto;
    bool json = false;   ///< one document instead of text
    std::string core{};  ///< this file instead of `pid`
};

struct DoctorArgs {
    Pid pid;
    ColourChoice colour = ColourChoice::kAuto;
};

struct ReportArgs {
    std::vector<std::string> files;  ///< "-": standard input
    std::string output;              ///< empty: standard output for text, else a name made from the first file's
    std::optional<Format> format;    ///< none: the report in words
    ExportOptions exporting;
    ProfileFilter filter;
    std::optional<Grouping> grouping;  ///< files or modules in the place of functions
    std::size_t top = 15;              ///< rows of the table of the report in words
    Verbosity verbosity = Verbosity::kNormal;
    ColourChoice colour = ColourChoice::kAuto;
};

struct DiffArgs {
    std::vector<std::string> base;
    std::vector<std::string> now;
    std::string output;  ///< empty or "-": standard output
    DiffFormat format = DiffFormat::kText;
    std::vector<PathMap> maps;
    CompareOptions comparing;
    DiffOptions showing;
    Verbosity verbosity = Verbosity::kNormal;
    ColourChoice colour = ColourChoice::kAuto;
};

using Command = std::variant<ShowText, RecordArgs, TopArgs, DumpArgs, ReportArgs, DiffArgs, CheckArgs, DoctorArgs>;

/// The command line (without the program's own name) as checked options. Errors are kUsage.
[[nodiscard]] Result<Command> parse_command_line(std::vector<std::string> words);

}  // namespace lampyr::tool
