// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "figures.hpp"
#include "output_file.hpp"
#include "process_files.hpp"
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
        all.format = read->format;
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

/// The table names functions as the options say; formats do that themselves.
void name_as_asked(Profile& profile, const ExportOptions& options) {
    for (Function& function : profile.functions) {
        if (options.full_filenames) function.short_file = function.file;
        if (options.lines == Lines::kNone) function.first_line = 0;
    }
}

std::string_view rows_of(const ReportArgs& args) {
    if (args.grouping) return *args.grouping == Grouping::kFile ? "file" : "module";
    return args.exporting.lines == Lines::kLine ? "line" : "function";
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
    Result<OutputFile> output = OutputFile::open(*name, args.format && is_binary(*args.format));
    if (!output) return failed(output.error());
    Result<ReadProfile> read = read_all(args.files, messages);
    if (!read) return failed(read.error());
    const std::uint64_t before = read->profile.info.stacks;
    Result<Profile> kept = filter_profile(std::move(read->profile), args.filter);
    if (!kept) return failed(kept.error());
    read->profile =
        args.grouping ? group_profile(*kept, *args.grouping, args.exporting.full_filenames) : std::move(*kept);
    if (!args.filter.empty()) {
        messages.note(fmt::format("{} of {} kept", format_count(read->profile.info.stacks), plural(before, "sample")));
    }

    ExportOptions exporting = args.exporting;
    exporting.processes = read->profile.processes.size() > 1;
    if (is_per_process(*name)) {
        const auto files = write_process_files(read->profile, *args.format, exporting, *name);
        if (!files) return failed(files.error());
        messages.note(fmt::format("wrote {} ({}, {} of one process each, {}) from {}", name_files(*files),
                                  to_string(*args.format), plural(files->size(), "file"),
                                  format_bytes(bytes_of(*files)), plural(read->profile.info.stacks, "sample")));
        return kExitOk;
    }
    if (args.format) {
        const auto written = write_profile(read->profile, *args.format, exporting, *output);
        if (!written && written.error().code != ErrorCode::kOutput) return failed(written.error());
    } else {
        name_as_asked(read->profile, exporting);
        static_cast<void>(output->write(report_text(*read, before, rows_of(args), exporting.lines, args.top)));
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
