// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "output_file.hpp"
#include "terminal.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

namespace lampyr::tool {
namespace {

using Dumps = std::vector<ProcessDump>;

Result<ProcessDump> dump_one(Pid pid, const DumpArgs& args, const Messages& messages,
                             const AttachOptions& attaching = {}) {
    Result<Target> target = Target::attach(pid, attaching);
    if (!target) return target.error();
    if (!target->note().empty())
        messages.warning(fmt::format("process {}: {}", pid.value, terminal_safe(target->note())));
    return dump(*target, args.reading);
}

/// True when the process is none that `--subprocesses` asks for: not Python, or over before it could be read.
bool passed_over(const Error& error) {
    return error.code == ErrorCode::kNotPython || error.code == ErrorCode::kPythonStarting ||
           error.code == ErrorCode::kNoSuchProcess || error.code == ErrorCode::kTargetGone;
}

/// Each Python process of the tree. One that cannot be read is told of, and costs the others nothing.
Result<Dumps> dump_tree(const DumpArgs& args, const Messages& messages) {
    const Result<std::vector<Pid>> tree = process_tree(args.pid);
    if (!tree) return tree.error();
    Dumps all;
    std::optional<Error> refused;
    AttachOptions at_once;  // a tree may hold many that are not Python
    at_once.startup_timeout = std::chrono::milliseconds(0);
    for (const Pid pid : *tree) {
        Result<ProcessDump> one = dump_one(pid, args, messages, at_once);
        if (one) {
            all.push_back(std::move(*one));
        } else if (!passed_over(one.error())) {
            if (refused) messages.error(*refused);
            refused = one.error();
        }
    }
    if (all.empty())
        return refused ? *refused
                       : Error{ErrorCode::kNotPython,
                               fmt::format("neither process {} nor a process below it is Python", args.pid.value), ""};
    if (refused) messages.error(*refused);
    return all;
}

Result<Dumps> dump_asked(const DumpArgs& args, const Messages& messages) {
    if (args.subprocesses) return dump_tree(args, messages);
    Result<ProcessDump> one =
        args.core.empty() ? dump_one(args.pid, args, messages) : dump_core(args.core, args.reading);
    if (!one) return one.error();
    Dumps dumps;
    dumps.push_back(std::move(*one));
    return dumps;
}

std::string format_text(const Dumps& dumps, const DumpTextOptions& options) {
    std::string text;
    for (const ProcessDump& one : dumps) text += (text.empty() ? "" : "\n") + format_dump(one, options);
    return text;
}

}  // namespace

int run_dump(const DumpArgs& args) {
    const Messages messages{Verbosity::kNormal, args.colour};
    const auto failed = [&messages](const Error& error) {
        messages.error(error);
        return exit_code(error.code, false);
    };
    Result<OutputFile> output = OutputFile::open("-");
    if (!output) return failed(output.error());
    DumpTextOptions text = args.text;
    text.colour = use_colour(args.colour, STDOUT_FILENO);
    const Result<Dumps> dumps = dump_asked(args, messages);
    if (!dumps) return failed(dumps.error());
    static_cast<void>(output->write(args.json ? format_dumps_json(*dumps) : format_text(*dumps, text)));
    if (const auto written = output->commit(); !written) return failed(written.error());
    return kExitOk;
}

}  // namespace lampyr::tool
