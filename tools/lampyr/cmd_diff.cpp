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
    for (const std::string& file : args.base)
        if (const auto added = add_file(base, base_conditions, file, {}, messages); !added)
            return failed(added.error());
    for (const std::string& file : args.now)
        if (const auto added = add_file(now, now_conditions, file, {}, messages); !added) return failed(added.error());
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
