// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "figures.hpp"
#include "output_file.hpp"
#include "report_text.hpp"

#include <lampyr/read_profile.hpp>
#include <lampyr/text.hpp>
#include <lampyr/transform.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {
namespace {

/// All files as one. Several recordings have no single end, so only one keeps its own.
Result<ReadProfile> read_all(const std::vector<std::string>& files, const Messages& messages) {
    std::vector<Profile> profiles;
    ReadProfile all;
    for (const std::string& file : files) {
        Result<ReadProfile> read = read_profile(file);
        if (!read) return read.error();
        for (const std::string& note : read->notes)
            messages.warning(files.size() == 1 ? note : fmt::format("{}: {}", in_quotes(file), note));
        all.complete = all.complete && read->complete;
        profiles.push_back(std::move(read->profile));
        if (files.size() == 1) all.end = read->end;
    }
    Result<Profile> merged = merge_profiles(std::move(profiles));
    if (!merged) return merged.error();
    all.profile = std::move(*merged);
    return all;
}

/// `dir/x.lampyr` becomes `x.svg`, in the current directory.
Result<std::string> output_name(const ReportArgs& args) {
    if (!args.output.empty()) return args.output;
    if (!args.format) return std::string{"-"};
    const std::string& first = args.files.front();
    std::string name = first.substr(first.rfind('/') + 1);
    if (first == "-" || name.empty())
        return Error{ErrorCode::kUsage, "a profile from standard input needs a name for the output", "add -o FILE", 0};
    const std::size_t dot = name.rfind('.');
    if (dot != std::string::npos && dot != 0) name.resize(dot);
    name += fmt::format(".{}", extension_of(*args.format));
    if (std::find(args.files.begin(), args.files.end(), name) != args.files.end())
        return Error{ErrorCode::kUsage, fmt::format("the output would replace {}", in_quotes(name)), "add -o FILE", 0};
    return name;
}

}  // namespace

int run_report(const ReportArgs& args) {
    const Messages messages{args.verbosity, args.colour};
    const auto failed = [&messages](const Error& error) {
        messages.error(error);
        return exit_code(error.code, false);
    };
    const Result<std::string> name = output_name(args);
    if (!name) return failed(name.error());
    Result<OutputFile> output = OutputFile::open(*name);
    if (!output) return failed(output.error());
    const Result<ReadProfile> read = read_all(args.files, messages);
    if (!read) return failed(read.error());

    ExportOptions exporting = args.exporting;
    exporting.processes = read->profile.processes.size() > 1;
    if (args.format) {
        const auto written = write_profile(read->profile, *args.format, exporting, *output);
        if (!written && written.error().code != ErrorCode::kOutput) return failed(written.error());
    } else {
        static_cast<void>(output->write(report_text(*read, exporting.lines, args.top)));
    }
    const Result<std::uint64_t> bytes = output->commit();
    if (!bytes) return failed(bytes.error());
    if (*name != "-") {
        messages.note(fmt::format("wrote {} ({}, {}) from {}", terminal_safe(output->path()),
                                  args.format ? to_string(*args.format) : "text", format_bytes(*bytes),
                                  plural(read->profile.info.stacks, "sample")));
    }
    return kExitOk;
}

}  // namespace lampyr::tool
