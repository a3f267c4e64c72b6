// SPDX-License-Identifier: MIT
#include "subjects.hpp"

namespace lampyr::tool {
namespace {

/// A script is not a program, and the kernel's words for that help nobody.
Error with_script_hint(Error error, const std::vector<std::string>& program) {
    const bool cannot_run = error.code == ErrorCode::kProgramNotFound || error.code == ErrorCode::kProgramNotExecutable;
    if (cannot_run && program.front().ends_with(".py")) {
        error.hint = "to run a script type: lampyr record -- python3 " + shell_word(program.front());
    }
    return error;
}

Result<Subjects> open_tree(const ProcessArgs& args, const ProgramStreams& streams) {
    Subjects subjects;
    subjects.follow = args.pids;
    if (args.spawns()) {
        Result<Program> program = Program::spawn(args.program, streams);
        if (!program) return with_script_hint(program.error(), args.program);
        subjects.follow.push_back(program->pid());
        subjects.program = std::move(*program);
    }
    for (const Pid pid : subjects.follow) {
        const Result<std::string> command_line = command_line_of(pid);
        if (!command_line) return command_line.error();
        if (pid == subjects.follow.front()) subjects.command_line = *command_line;
    }
    subjects.first = subjects.follow.front();
    return subjects;
}

}  // namespace

Result<Subjects> open_subjects(const ProcessArgs& args, const StopSignals& signals, const ProgramStreams& streams) {
    if (args.subprocesses) return open_tree(args, streams);
    Subjects subjects;
    if (args.spawns()) {
        SpawnOptions options;
        options.arguments = args.program;
        options.stop = &signals.stop();
        options.streams = streams;
        Result<Target> child = Target::spawn(options);
        if (!child) return with_script_hint(child.error(), args.program);
        subjects.targets.push_back(std::move(*child));
    }
    for (const Pid pid : args.pids) {
        AttachOptions options;
        options.stop = &signals.stop();
        Result<Target> target = Target::attach(pid, options);
        if (!target) return target.error();
        subjects.targets.push_back(std::move(*target));
    }
    subjects.first = subjects.targets.front().pid();
    subjects.command_line = subjects.targets.front().command_line();
    return subjects;
}

}  // namespace lampyr::tool
