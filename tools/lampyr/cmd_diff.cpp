// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "figures.hpp"
#include "output_file.hpp"
#include "profile_sides.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

namespace lampyr::tool {

int run_diff(const DiffArgs& args) {
    const Messages messages{args.verbosity, args.colour};
    const auto failed = [&messages](const Error& error) {
        messages.error(error);
        return exit_code(error.code, false);
    };
    Result<OutputFile> output = OutputFile::open(args.output.empty() ? "-" : args.output);
    if (!output) return failed(output.error());
    ProfileSide base(args.maps);
    ProfileSide now;
    Conditions base_conditions;
    Conditions now_conditions;
    const auto run_files = [](const std::vector<std::string>& paths) {
        std::vector<RunFile> files;
        for (const std::string& path : paths) files.push_back({path, {}});
        return files;
    };
    if (const auto added = add_files(base, base_conditions, run_files(args.base), messages); !added)
        return failed(added.error());
    if (const auto added = add_files(now, now_conditions, run_files(args.now), messages); !added)
        return failed(added.error());
    for (const std::string& difference : differences(base_conditions, now_conditions)) messages.warning(difference);
    const Result<Comparison> comparison = compare(base, now, args.comparing);
    if (!comparison) return failed(comparison.error());
    DiffOptions showing = args.showing;
    if (args.base.size() == 1 && args.now.size() == 1) {
        showing.base_name = args.base.front();
        showing.now_name = args.now.front();
    }
    const auto written = write_diff(*comparison, args.format, showing, *output);
    if (!written && written.error().code != ErrorCode::kOutput) return failed(written.error());
    const Result<std::uint64_t> bytes = output->commit();
    if (!bytes) return failed(bytes.error());
    if (!output->is_stdout())
        messages.note(fmt::format("wrote {} ({})", terminal_safe(output->path()), format_bytes(*bytes)));
    return kExitOk;
}

}  // namespace lampyr::tool
