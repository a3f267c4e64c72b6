// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "output_file.hpp"
#include "terminal.hpp"

#include <unistd.h>

namespace lampyr::tool {

int run_dump(const DumpArgs& args) {
    const Messages messages{Verbosity::kNormal, args.colour};
    const auto failed = [&messages](const Error& error) {
        messages.error(error);
        return exit_code(error.code, false);
    };
    Result<OutputFile> output = OutputFile::open("-");
    if (!output) return failed(output.error());
    Result<Target> target = Target::attach(args.pid);
    if (!target) return failed(target.error());
    const Result<ProcessDump> read = dump(*target, args.reading);
    if (!read) return failed(read.error());

    DumpTextOptions text = args.text;
    text.colour = use_colour(args.colour, STDOUT_FILENO);
    static_cast<void>(output->write(format_dump(*read, text)));
    if (const auto written = output->commit(); !written) return failed(written.error());
    return kExitOk;
}

}  // namespace lampyr::tool
