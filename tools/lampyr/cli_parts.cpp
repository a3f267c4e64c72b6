// SPDX-License-Identifier: MIT
#include "cli_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {

void add_common(CLI::App& app, Typed& typed) {
    app.set_help_flag();
    add_texts(app, "-p,--pid", typed.pids, "PID",
              app.get_name() == "dump" ? "the process to look at" : "attach to this process; may be repeated")
        ->group("Process");
    app.add_flag("-s,--subprocesses", typed.subprocesses, "also the Python processes that it starts")->group("Process");
    app.add_flag("--nonblocking", typed.nonblocking, "never stop the program (the default)")->group("Process");
    app.add_flag("--blocking", typed.blocking, "stop its Python threads while they are read")->group("Process");
}

Result<std::vector<Pid>> parse_pids(const Words& texts) {
    std::vector<Pid> pids;
    for (const std::string& text : texts) {
        const Result<Pid> pid = parse_pid(text);
        if (!pid) return pid.error();
        if (std::find(pids.begin(), pids.end(), *pid) == pids.end()) pids.push_back(*pid);
    }
    return pids;
}

Result<void> check_processes(const ProcessArgs& args, bool explicit_program, std::string_view verb) {
    if (args.spawns() && !args.pids.empty()) {
        return usage("-p and a program to start exclude each other", "leave one of them out");
    }
    if (!args.spawns() && args.pids.empty()) {
        return usage(fmt::format("nothing to {}", verb), "name a process with -p PID or a program to start after --");
    }
    const bool number = args.spawns() && !explicit_program && parse_pid(args.program.front()).has_value();
    if (number) {
        return usage(fmt::format("{} is no program", in_quotes(args.program.front())),
                     "to attach to that process type -p " + args.program.front());
    }
    return {};
}

Result<void> take_sampling(const Typed& typed, SamplerOptions& sampling) {
    if (!typed.rate.empty()) {
        const Result<double> rate = parse_rate(typed.rate);
        if (!rate) return rate.error();
        sampling.rate_hz = *rate;
    }
    if (!typed.max_cpu.empty()) {
        const Result<double> share = parse_max_cpu(typed.max_cpu);
        if (!share) return share.error();
        sampling.max_cpu_share = *share;
    }
    if (!typed.duration.empty() && typed.duration != "unlimited") {
        const auto duration = parse_duration(typed.duration);
        if (!duration) return duration.error();
        sampling.duration = *duration;
    }
    sampling.include_idle = typed.idle;
    sampling.gil_only = typed.gil;
    sampling.blocking = typed.blocking;
    sampling.native = typed.native;
    sampling.tasks = typed.tasks;
    return {};
}

}  // namespace lampyr::tool
