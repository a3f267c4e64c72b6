// SPDX-License-Identifier: MIT
#include "cli.hpp"

#include "cli_compare.hpp"
#include "cli_parts.hpp"
#include "help.hpp"
#include "process_files.hpp"

#include <lampyr/version.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {
namespace {

/// After a minute 2,400 stopped samples: a share is known to 2 points (95 %), and the program was held for 50 ms.
constexpr double kAuditHz = 40;

void describe_record(CLI::App& app, Typed& typed) {
    app.description(R"(Sample where a Python program spends its time.

  lampyr record -o profile.svg -- python3 app.py    start a program and watch it to its end
  sudo lampyr record -p 1234 -d 30                  watch a running one for 30 seconds
  lampyr record -i -t -o wait.svg -- python3 app.py also where threads wait, thread by thread
  lampyr record -s -o all.svg -- gunicorn app:app   a server with all its workers
  lampyr record -f raw -o - -d 5 -p 1234 | less     folded stacks to a pipe
  sudo lampyr record -o day.lampyr -p 1234          keep it all, safe from crashes (lampyr report)

Usage: lampyr record [OPTIONS] -p PID
       lampyr record [OPTIONS] [--] PROGRAM [ARGUMENTS]
)");
    add_common(app, typed);
    app.add_flag("-n,--native", typed.native, "C, C++, Cython and Rust frames too; stops running threads briefly")
        ->group("Process");
    app.add_flag("--async", typed.tasks, "asyncio: each task by its name, below the tasks that wait for it (3.11+)")
        ->group("Process");
    add_text(app, "-o,--output", typed.output, "FILE",
             "default lampyr-PROGRAM-PID-TIME.EXT; - is stdout; {pid}: one a process")
        ->group("Output");
    add_text(app, "-f,--format", typed.format, "FORMAT",
             "flamegraph, speedscope, raw, chrometrace, pprof, lampyr; or by extension")
        ->group("Output");
    add_text(app, "--summary-json", typed.summary_json, "FILE", "figures of the recording for a script")
        ->group("Output");
    app.add_flag("-F,--function", typed.function, "one frame a function: name (file:first line)")->group("Output");
    app.add_flag("--nolineno", typed.no_lines, "no line numbers: name (file)")->group("Output");
    app.add_flag("-t,--threads", typed.threads, "a frame for each thread at the root")->group("Output");
    app.add_flag("--full-filenames", typed.full_filenames, "whole paths")->group("Output");
    add_text(app, "-d,--duration", typed.duration, "SECONDS",
             "how long, such as 30 or 0.5; default to the end or Ctrl-C")
        ->group("Sampling");
    add_text(app, "-r,--rate", typed.rate, "HZ", "samples a second; default 100")->group("Sampling");
    add_text(app, "--max-cpu", typed.max_cpu, "PERCENT", "of one core for lampyr itself; above it the rate is lowered")
        ->group("Sampling");
    app.add_flag("-i,--idle", typed.idle, "count threads that wait, too")->group("Sampling");
    app.add_flag("--audit", typed.audit, "test the shares by stopping the program for 40 samples a second")
        ->group("Sampling");
    app.add_flag("-g,--gil", typed.gil, "count only the thread that holds the GIL")->group("Sampling");
    add_quiet(app, typed.messages);
    app.add_flag("-v,--verbose", typed.verbose, "more about what is done")->group("Messages");
    add_messages(app, typed.messages);
}

void describe_dump(CLI::App& app, Typed& typed) {
    app.description(R"(Print the Python stack of each thread, innermost frame first.

  sudo lampyr dump -p 1234              what is it doing just now?
  sudo lampyr dump -s -p 1234           it and its worker processes
  sudo lampyr dump -p 1234 --blocking   stop it for the moment of reading: all threads at one instant
  sudo lampyr dump -l -p 1234           with arguments and variables
  sudo lampyr dump -n -p 1234           with C, C++ and Rust frames, to the system call it waits in
  sudo lampyr dump -s -j -p 1234        for a script: JSON with lines and columns (docs/output-formats.md)
  lampyr dump -c core.1234              what it was doing when the core was written

Usage: lampyr dump [OPTIONS] -p PID
       lampyr dump [OPTIONS] -c CORE
)");
    add_common(app, typed);
    app.add_flag("-n,--native", typed.native, "C, C++, Cython and Rust frames too; stops the threads briefly")
        ->group("Process");
    add_text(app, "-c,--core", typed.core, "FILE", "a core file instead of a process")->group("Process");
    app.add_flag("-l,--locals", typed.locals, "also arguments and variables; -ll: at greater length")->group("Output");
    app.add_flag("--source", typed.source, "also the line of source, and ^ under what is being run (3.11+)")
        ->group("Output");
    app.add_flag("-j,--json", typed.json, "one JSON document instead of text")->group("Output");
    app.add_flag("--full-filenames", typed.full_filenames, "whole paths; JSON has both")->group("Output");
    add_messages(app, typed.messages);
}

void describe_doctor(CLI::App& app, Typed& typed) {
    app.description(R"(Say whether a process can be profiled, and how; or why not, and what to do about it.

  lampyr doctor 1234        may I, and does it find the interpreter?
  sudo lampyr doctor 1234   and as root?

Usage: lampyr doctor PID
)");
    app.set_help_flag();
    app.add_option("process", typed.files)->group("");
    add_texts(app, "-p,--pid", typed.pids, "PID", "the process to look at")->group("Process");
    add_messages(app, typed.messages);
}

void describe_report(CLI::App& app, Typed& typed) {
    app.description(R"(Read profiles recorded earlier: print what took the time, or write another format.

  lampyr report day.lampyr                            what took the time, in words
  lampyr report --by line --top 40 day.lampyr         line by line, more rows
  lampyr report -o day.svg day.lampyr                 as a flamegraph
  lampyr report --time 60-90 --thread worker d.lampyr from second 60 to 90, only these threads
  lampyr report -o all.pb.gz mon.lampyr tue.lampyr    several as one

Usage: lampyr report [OPTIONS] FILE...
)");
    app.set_help_flag();
    app.add_option("files", typed.files)->group("");
    const auto add_filter = [&app](const char* name, Words& values, const char* what, const char* help) {
        add_texts(app, name, values, what, help)->group("Only samples");
    };
    add_filter("--thread", typed.only_threads, "REGEX", "of threads with such a name or id");
    add_filter("--process", typed.only_processes, "REGEX", "of processes with such a PID or command line");
    add_filter("--function", typed.only_functions, "REGEX", "with such a function in their stack");
    add_filter("--file", typed.only_files, "REGEX", "with a function of such a file in their stack");
    add_text(app, "--time", typed.time, "FROM-TO", "taken in these seconds since the recording began")
        ->group("Only samples");
    add_text(app, "-o,--output", typed.output, "FILE", "its extension chooses the format; - is standard output")
        ->group("Output");
    add_text(app, "-f,--format", typed.format, "FORMAT", "flamegraph, speedscope, raw, chrometrace, pprof or lampyr")
        ->group("Output");
    add_text(app, "--by", typed.by, "WHAT", "line, function, file or module: what a frame or row is")->group("Output");
    add_text(app, "--top", typed.top, "N", "rows of the table; default 15")->group("Output");
    app.add_flag("--nolineno", typed.no_lines, "no line numbers: name (file)")->group("Output");
    app.add_flag("-t,--threads", typed.threads, "a frame for each thread at the root")->group("Output");
    app.add_flag("--full-filenames", typed.full_filenames, "whole paths")->group("Output");
    add_quiet(app, typed.messages);
    add_messages(app, typed.messages);
}

/// Cuts off the program to start: what follows "--", else the first word that is no option and no option's value.
Result<Words> take_program(const CLI::App& app, Words& words) {
    const auto takes_value = [](const CLI::Option& option) { return option.get_items_expected_max() > 0; };
    const auto unknown = [&app](const std::string& word) {
        return usage("unknown option " + in_quotes(word), fmt::format("see lampyr {} --help", app.get_name()));
    };
    const auto split = [&words](std::size_t end, std::size_t begin) {
        Words program(words.begin() + static_cast<std::ptrdiff_t>(begin), words.end());
        words.resize(end);
        return program;
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--") {
            if (i + 1 == words.size()) return usage("no program after --", "such as: -- python3 app.py");
            return split(i, i + 1);
        }
        if (word.size() < 2 || word[0] != '-') return split(i, i);
        bool value_follows = false;
        std::string name = word;
        if (word[1] == '-') {
            const std::size_t equals = word.find('=');
            const CLI::Option* option = app.get_option_no_throw(word.substr(0, equals));
            if (option == nullptr) return unknown(word.substr(0, equals));
            value_follows = takes_value(*option) && equals == std::string::npos;
        } else {
            for (std::size_t letter = 1; letter < word.size(); ++letter) {
                name = std::string{'-', word[letter]};
                const CLI::Option* option = app.get_option_no_throw(name);
                if (option == nullptr) return unknown(name);
                if (!takes_value(*option)) continue;
                value_follows = letter + 1 == word.size();
                break;
            }
        }
        if (value_follows && ++i == words.size()) {
            return usage(fmt::format("{} needs a value", name), fmt::format("see lampyr {} --help", app.get_name()));
        }
    }
    return Words{};
}

/// The format from -f, else from the file's extension, else the default.
Result<void> choose_format(const Typed& typed, RecordArgs& args) {
    if (!typed.format.empty()) {
        const Result<Format> format = parse_format_option(typed.format);
        if (!format) return format.error();
        args.format = *format;
    } else if (const std::optional<Format> guess = format_of_file(typed.output)) {
        args.format = *guess;
    } else {
        const std::string_view path = typed.output;
        const std::string_view name = path.substr(path.rfind('/') + 1);
        args.format_guessed_wrongly = name.rfind('.') != std::string_view::npos && name.rfind('.') > 0;
    }
    return {};
}

Result<void> check_target(const RecordArgs& args, const Typed& typed, bool explicit_program) {
    if (const auto checked = check_pattern(typed.output); !checked) return checked.error();
    if (const auto checked = check_processes(args, explicit_program, "record"); !checked) return checked.error();
    if (typed.summary_json == "-" && typed.output == "-") {
        return usage("the profile and the summary cannot both go to standard output", "give one of them a file");
    }
    if (!typed.summary_json.empty() && typed.summary_json == typed.output) {
        return usage("the profile and the summary cannot have the same name", "give one of them another name");
    }
    return {};
}

Result<Command> check_record(const Typed& typed, Words program, bool explicit_program) {
    RecordArgs args;
    args.program = std::move(program);
    Result<std::vector<Pid>> pids = parse_pids(typed.pids);
    if (!pids) return pids.error();
    args.pids = std::move(*pids);
    if (const auto checked = check_target(args, typed, explicit_program); !checked) return checked.error();
    if (typed.function && typed.no_lines) return exclusive("--function", "--nolineno");
    if (typed.blocking && typed.nonblocking) return exclusive("--blocking", "--nonblocking");
    if (typed.messages.quiet && typed.verbose) return exclusive("--quiet", "--verbose");
    if (typed.native && typed.nonblocking) return exclusive("--native", "--nonblocking");
    if (typed.audit && typed.blocking) return exclusive("--audit", "--blocking");
    if (typed.audit && typed.native) return exclusive("--audit", "--native");
    if (typed.audit && typed.tasks) return exclusive("--audit", "--async");
    if (typed.audit && typed.idle) return exclusive("--audit", "--idle");
    if (typed.audit && typed.gil) return exclusive("--audit", "--gil");
    if (const auto chosen = choose_format(typed, args); !chosen) return chosen.error();
    if (args.format == Format::kLampyr) {
        for (const auto& [given, name] : {std::pair{typed.function, "--function"},
                                          {typed.no_lines, "--nolineno"},
                                          {typed.threads, "--threads"},
                                          {typed.full_filenames, "--full-filenames"}}) {
            if (given)
                return usage(fmt::format("{} does not go with a lampyr file, which holds everything", name),
                             "leave it out; lampyr report chooses what is shown");
        }
    }
    if (const auto taken = take_sampling(typed, args.sampling); !taken) return taken.error();
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    args.colour = *colour;
    args.output = typed.output;
    args.summary_json = typed.summary_json;
    if (typed.audit) args.sampling.audit_hz = kAuditHz;
    args.sampling.timeline = shows_time(args.format);
    args.exporting.lines = typed.function ? Lines::kFunction : typed.no_lines ? Lines::kNone : Lines::kLine;
    args.exporting.threads = typed.threads;
    args.subprocesses = typed.subprocesses;
    args.exporting.processes = args.pids.size() > 1 || typed.subprocesses;
    args.exporting.full_filenames = typed.full_filenames;
    if (typed.messages.quiet) args.verbosity = Verbosity::kQuiet;
    if (typed.verbose) args.verbosity = Verbosity::kVerbose;
    return Command{std::move(args)};
}

Result<Command> check_dump(const Typed& typed, const Words& program) {
    if (!program.empty()) {
        return usage(fmt::format("unexpected word {}", in_quotes(program.front())), "name a process with -p PID");
    }
    const Result<std::vector<Pid>> pids = parse_pids(typed.pids);
    if (!pids) return pids.error();
    if (pids->empty() && typed.core.empty())
        return usage("no process to look at", "name one with -p PID, or a core file with -c FILE");
    if (pids->size() > 1) return usage("dump looks at one process", "give -p once");
    if (!typed.core.empty()) {
        for (const auto& [given, name] : {std::pair{!pids->empty(), "--pid"},
                                          {typed.subprocesses, "--subprocesses"},
                                          {typed.blocking, "--blocking"},
                                          {typed.native, "--native"},
                                          {typed.source, "--source"}})
            if (given) return exclusive("--core", name);
    }
    if (typed.blocking && typed.nonblocking) return exclusive("--blocking", "--nonblocking");
    if (typed.native && typed.nonblocking) return exclusive("--native", "--nonblocking");
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    DumpArgs args;
    if (!pids->empty()) args.pid = pids->front();
    args.core = typed.core;
    args.subprocesses = typed.subprocesses;
    args.reading.blocking = typed.blocking;
    args.reading.native = typed.native;
    args.reading.positions = typed.json || typed.source;
    args.reading.source = typed.source;
    args.reading.locals = static_cast<unsigned>(std::clamp(typed.locals, 0, 2));
    args.text.full_filenames = typed.full_filenames;
    args.json = typed.json;
    args.colour = *colour;
    return Command{std::move(args)};
}

Result<Command> check_doctor(const Typed& typed) {
    Words texts = typed.pids;
    texts.insert(texts.end(), typed.files.begin(), typed.files.end());
    const Result<std::vector<Pid>> pids = parse_pids(texts);
    if (!pids) return pids.error();
    if (pids->empty()) return usage("no process to look at", "name one, such as: lampyr doctor 1234");
    if (pids->size() > 1) return usage("doctor looks at one process", "name one PID");
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    return Command{DoctorArgs{pids->front(), *colour}};
}

Result<void> choose_frames(const Typed& typed, ReportArgs& args) {
    // As record would have written a format; a table of single lines would be less of a start.
    const std::string by = !typed.by.empty() ? typed.by : args.format ? "line" : "function";
    args.exporting.lines = typed.no_lines ? Lines::kNone : by == "line" ? Lines::kLine : Lines::kFunction;
    if (typed.by == "file") args.grouping = Grouping::kFile;
    if (typed.by == "module") args.grouping = Grouping::kModule;
    if (by != "line" && by != "function" && !args.grouping)
        return usage(fmt::format("cannot report by {}", in_quotes(typed.by)), "use line, function, file or module");
    return {};
}

Result<void> choose_samples(const Typed& typed, ProfileFilter& filter) {
    filter.threads = typed.only_threads;
    filter.processes = typed.only_processes;
    filter.functions = typed.only_functions;
    filter.files = typed.only_files;
    if (typed.time.empty()) return {};
    const auto range = parse_time_range(typed.time);
    if (!range) return range.error();
    filter.from = range->from;
    filter.to = range->to;
    return {};
}

Result<Command> check_report(const Typed& typed) {
    ReportArgs args;
    args.files = typed.files;
    if (args.files.empty()) return usage("nothing to report", "name a profile, such as: lampyr report day.lampyr");
    if (std::count(args.files.begin(), args.files.end(), "-") > 1)
        return usage("standard input can be read once", "give - once");
    if (const auto chosen = choose_samples(typed, args.filter); !chosen) return chosen.error();
    args.exporting.threads = typed.threads;
    args.exporting.full_filenames = typed.full_filenames;
    if (!typed.top.empty()) {
        const auto top = parse_count(typed.top);
        if (!top) return top.error();
        args.top = *top;
    }
    if (!typed.format.empty()) {
        const Result<Format> format = parse_format_option(typed.format);
        if (!format) return format.error();
        args.format = *format;
    } else {
        args.format = format_of_file(typed.output);
    }
    if (const auto checked = check_pattern(typed.output); !checked) return checked.error();
    if (is_per_process(typed.output) && !args.format)
        return usage("one file a process needs a format", "add -f, or an extension such as -o '{pid}.svg'");
    if (const auto chosen = choose_frames(typed, args); !chosen) return chosen.error();
    if (typed.threads && !args.format)
        return usage("--threads has no place in the table of the report",
                     "add -f or -o; --thread REGEX chooses threads");
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    args.colour = *colour;
    args.output = typed.output;
    if (typed.messages.quiet) args.verbosity = Verbosity::kQuiet;
    return Command{std::move(args)};
}

Result<Command> parse_command(const std::string& name, Words words) {
    if (name == "diff") return parse_diff(std::move(words));
    if (name == "check") return parse_check(std::move(words));
    if (name == "completions") return parse_completions(std::move(words));
    Typed typed;
    CLI::App app{"", name};
    describe_command(app, typed);
    const bool explicit_program = std::find(words.begin(), words.end(), "--") != words.end();
    const bool starts_no_program = name == "report" || name == "doctor";
    Result<Words> program = starts_no_program ? Words{} : take_program(app, words);
    if (!program) return program.error();
    const Result<std::string> shown = parse_words(app, std::move(words), typed.messages);
    if (!shown) return shown.error();
    if (!shown->empty()) return Command{ShowText{*shown}};
    if (name == "record") return check_record(typed, std::move(*program), explicit_program);
    if (name == "top") return check_top(typed, std::move(*program), explicit_program);
    if (name == "doctor") return check_doctor(typed);
    return name == "report" ? check_report(typed) : check_dump(typed, *program);
}

}  // namespace

void describe_command(CLI::App& app, Typed& typed) {
    const std::string& name = app.get_name();
    if (name == "record") describe_record(app, typed);
    if (name == "top") describe_top(app, typed);
    if (name == "dump") describe_dump(app, typed);
    if (name == "report") describe_report(app, typed);
    if (name == "doctor") describe_doctor(app, typed);
}

Result<Command> parse_command_line(std::vector<std::string> words) {
    if (words.empty()) return Command{ShowText{overview_help(), false}};
    std::string first = words.front();
    words.erase(words.begin());
    if (first == "--version" || first == "-V") return Command{ShowText{"lampyr " LAMPYR_VERSION "\n"}};
    if (first == "--help" || first == "-h") return Command{ShowText{overview_help()}};
    if (first == "help") {
        if (words.empty()) return Command{ShowText{overview_help()}};
        first = words.front();
        words = {"--help"};
    }
    for (const CommandLine& command : kCommands)
        if (!first.empty() && command.name.starts_with(first))
            return parse_command(std::string(command.name), std::move(words));
    if (first.starts_with("-")) return usage("unknown option " + in_quotes(first), "see lampyr --help");
    return usage("unknown command " + in_quotes(first),
                 "use record, top, dump, report, diff, check or doctor; see lampyr --help");
}

}  // namespace lampyr::tool
