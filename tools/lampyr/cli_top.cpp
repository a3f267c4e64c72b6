// SPDX-License-Identifier: MIT
#include "cli_parts.hpp"
#include "process_files.hpp"

#include <fmt/format.h>

namespace lampyr::tool {
namespace {

/// As what is typed, or nothing.
std::optional<StreamFormat> stream_format(std::string_view name) {
    if (name == "text") return StreamFormat::kText;
    if (name == "json") return StreamFormat::kJson;
    if (name == "csv") return StreamFormat::kCsv;
    return std::nullopt;
}

std::optional<RowKind> row_kind(std::string_view name) {
    if (name == "function" || name.empty()) return RowKind::kFunction;
    if (name == "line") return RowKind::kLine;
    if (name == "thread") return RowKind::kThread;
    if (name == "process") return RowKind::kProcess;
    return std::nullopt;
}

Result<void> check_filter(const std::string& filter) {
    std::vector<TopRow> none;
    const auto why = filter_rows(none, filter);
    if (!why) return {};
    return usage(fmt::format("bad regular expression {}: {}", in_quotes(filter), *why),
                 "characters that mean themselves take a backslash: \\(, \\[, \\.");
}

Result<void> take_delay(const Typed& typed, TopArgs& args) {
    if (typed.delay.empty()) return {};
    const auto delay = parse_duration(typed.delay);
    if (!delay) return delay.error();
    if (*delay < std::chrono::milliseconds(50) || *delay > std::chrono::hours(1))
        return usage(fmt::format("bad delay {}", in_quotes(typed.delay)), "give seconds, from 0.05 to 3600");
    args.delay = std::chrono::duration_cast<std::chrono::milliseconds>(*delay);
    return {};
}

Result<void> take_output(const Typed& typed, TopArgs& args) {
    args.output = typed.output;
    if (is_per_process(args.output))
        return usage("top writes one profile, not one a process", "leave {pid} out of the name");
    if (args.output == "-") return usage("the key w writes to a file, not to standard output", "name a file after -o");
    if (const auto format = format_of_file(args.output); format == Format::kChromeTrace)
        return usage("top keeps no times, and chrometrace shows nothing else", "use lampyr record -f chrometrace");
    return {};
}

}  // namespace

void describe_top(CLI::App& app, Typed& typed) {
    app.description(R"(Show, while it runs, where a Python program spends its time.

  sudo lampyr top -p 1234                         a screen; h explains the keys, q leaves
  lampyr top -- python3 app.py                    start a program; what it prints comes at the end
  sudo lampyr top -s -p 1234                      with its workers; p shows them one by one
  sudo lampyr top --once -p 1234                  one table of one second, as text
  sudo lampyr top -f json --delay 5 -p 1234 > log a table every 5 seconds, one JSON object a line

Usage: lampyr top [OPTIONS] -p PID
       lampyr top [OPTIONS] [--] PROGRAM [ARGUMENTS]
)");
    add_common(app, typed);
    app.add_flag("-n,--native", typed.native, "C, C++, Cython and Rust frames too; stops running threads briefly")
        ->group("Process");
    add_text(app, "--delay", typed.delay, "SECONDS", "between two tables; default 1")->group("Output");
    app.add_flag("--once", typed.once, "one table as text, then end")->group("Output");
    add_text(app, "-f,--format", typed.format, "FORMAT", "text, json or csv: tables to standard output, no screen")
        ->group("Output");
    add_text(app, "--by", typed.by, "WHAT", "function, line, thread or process: what a row is at first")
        ->group("Output");
    add_text(app, "--filter", typed.filter, "REGEX", "only rows that match")->group("Output");
    add_text(app, "--top", typed.top, "N", "rows of a table without a screen; default 20")->group("Output");
    add_text(app, "-o,--output", typed.output, "FILE", "what the key w writes; its extension chooses the format")
        ->group("Output");
    app.add_flag("--full-filenames", typed.full_filenames, "whole paths")->group("Output");
    add_text(app, "-d,--duration", typed.duration, "SECONDS", "how long to sample; default to the end or q")
        ->group("Sampling");
    add_text(app, "-r,--rate", typed.rate, "HZ", "samples a second; default 100")->group("Sampling");
    add_text(app, "--max-cpu", typed.max_cpu, "PERCENT", "of one core for lampyr itself; above it the rate is lowered")
        ->group("Sampling");
    app.add_flag("-i,--idle", typed.idle, "count threads that wait, too")->group("Sampling");
    app.add_flag("-g,--gil", typed.gil, "count only the thread that holds the GIL")->group("Sampling");
    add_messages(app, typed.messages);
}

Result<Command> check_top(const Typed& typed, Words program, bool explicit_program) {
    TopArgs args;
    args.program = std::move(program);
    args.subprocesses = typed.subprocesses;
    Result<std::vector<Pid>> pids = parse_pids(typed.pids);
    if (!pids) return pids.error();
    args.pids = std::move(*pids);
    if (const auto checked = check_processes(args, explicit_program, "watch"); !checked) return checked.error();
    if (typed.blocking && typed.nonblocking) return exclusive("--blocking", "--nonblocking");
    if (typed.native && typed.nonblocking) return exclusive("--native", "--nonblocking");
    if (!typed.format.empty()) {
        args.stream = stream_format(typed.format);
        if (!args.stream)
            return usage(fmt::format("unknown format {}", in_quotes(typed.format)), "use text, json or csv");
    }
    const auto by = row_kind(typed.by);
    if (!by)
        return usage(fmt::format("cannot show by {}", in_quotes(typed.by)), "use function, line, thread or process");
    args.by = *by;
    args.once = typed.once;
    args.full_filenames = typed.full_filenames;
    args.filter = typed.filter;
    if (const auto checked = check_filter(args.filter); !checked) return checked.error();
    if (!typed.top.empty()) {
        const auto rows = parse_count(typed.top);
        if (!rows) return rows.error();
        args.rows = *rows;
    }
    if (const auto taken = take_delay(typed, args); !taken) return taken.error();
    if (const auto taken = take_output(typed, args); !taken) return taken.error();
    if (const auto taken = take_sampling(typed, args.sampling); !taken) return taken.error();
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    args.colour = *colour;
    return Command{std::move(args)};
}

}  // namespace lampyr::tool
