// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "output_file.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace lampyr::tool {
namespace {

Result<std::string> dump_one(Pid pid, const DumpArgs& args, const DumpTextOptions& text,
                             const AttachOptions& attaching = {}) {
    Result<Target> target = Target::attach(pid, attaching);
    if (!target) return target.error();
    const Result<ProcessDump> read = dump(*target, args.reading);
    if (!read) return read.error();
    return format_dump(*read, text);
}

/// True when the process is none that `--subprocesses` asks for: not Python, or over before it could be read.
bool passed_over(const Error& error) {
    return error.code == ErrorCode::kNotPython || error.code == ErrorCode::kPythonStarting ||
           error.code == ErrorCode::kNoSuchProcess || error.code == ErrorCode::kTargetGone;
}

/// Each Python process of the tree. One that cannot be read is told of, and costs the others nothing.
Result<std::string> dump_tree(const DumpArgs& args, const DumpTextOptions& text, const Messages& messages) {
    const Result<std::vector<Pid>> tree = process_tree(args.pid);
    if (!tree) return tree.error();
    std::string all;
    std::optional<Error> refused;
    AttachOptions at_once;  // a tree may hold many that are not Python
    at_once.startup_timeout = std::chrono::milliseconds(0);
    for (const Pid pid : *tree) {
        Result<std::string> one = dump_one(pid, args, text, at_once);
        if (one) {
            all += (all.empty() ? "" : "\n") + *one;
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
    const Result<std::string> words =
        args.subprocesses ? dump_tree(args, text, messages) : dump_one(args.pid, args, text);
    if (!words) return failed(words.error());
    static_cast<void>(output->write(*words));
    if (const auto written = output->commit(); !written) return failed(written.error());
    return kExitOk;
}

}  // namespace lampyr::tool
