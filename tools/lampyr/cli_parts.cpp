// SPDX-License-Identifier: MIT
#include "cli_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {

Error usage(std::string message, std::string hint) {
    return Error{ErrorCode::kUsage, std::move(message), std::move(hint), 0};
}

CLI::Option* add_text(CLI::App& app, const char* names, std::string& value, const char* what, const char* help) {
    return app.add_option(names, value, help)->option_text(what)->take_last();
}

void add_common(CLI::App& app, Typed& typed) {
    app.set_help_flag();
    app.add_option("-p,--pid", typed.pids,
                   app.get_name() == "dump" ? "the process to look at" : "attach to this process; may be repeated")
        ->option_text("PID")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group("Process");
    app.add_flag("-s,--subprocesses", typed.subprocesses, "also the Python processes that it starts")->group("Process");
    app.add_flag("--nonblocking", typed.nonblocking, "never stop the program (the default)")->group("Process");
    app.add_flag("--blocking", typed.blocking, "stop its Python threads while they are read")->group("Process");
}

void add_messages(CLI::App& app, Typed& typed) {
    add_text(app, "--color", typed.colour, "WHEN", "auto, always or never; NO_COLOR is honoured")->group("Messages");
    app.add_flag("-h,--help", typed.help, "this text")->group("Messages");
    app.add_flag("-V,--version", typed.version, "the version of lampyr")->group("Messages");
}

Error exclusive(std::string_view one, std::string_view other) {
    return usage(fmt::format("{} and {} exclude each other", one, other), "leave one of them out");
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
    if (!typed.duration.empty()) {
        const auto duration = parse_duration(typed.duration);
        if (!duration) return duration.error();
        sampling.duration = *duration;
    }
    sampling.include_idle = typed.idle;
    sampling.gil_only = typed.gil;
    sampling.blocking = typed.blocking;
    return {};
}

}  // namespace lampyr::tool
