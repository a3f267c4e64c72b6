// SPDX-License-Identifier: MIT
#include "base_checkout.hpp"
#include "cli_compare.hpp"
#include "option_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace lampyr::tool {
namespace {

struct Typed {
    std::string base, now, base_ref, config, runs, rate, order, work, work_from, warm_ups, trials;
    std::string json, junit, markdown, gitlab, svg, artifacts;
    Words base_profiles, now_profiles;
    bool adaptive = false, plan = false, self_test = false, force = false, github = false;
    MessageWords messages;
};

void describe(CLI::App& app, Typed& typed) {
    app.description(
        R"(Fail when a change made a program slower. Both versions are run in turn, recorded, and compared run by run.

  lampyr check --base-ref origin/main -- python3 bench.py    this work tree against the base of a pull request
  lampyr check --base 'old/run.sh' --new 'new/run.sh'        any two commands
  lampyr check --adaptive -c lampyr-ci.toml --base-ref main -- python3 bench.py
  lampyr check --base-profiles old/ --new-profiles new/      runs recorded earlier
  lampyr check --plan -- python3 bench.py                    how many runs does this program need?
  lampyr check --aa -- python3 bench.py                      the same on both sides: nothing may be found

Usage: lampyr check [OPTIONS] --base-ref REF [--] PROGRAM [ARGUMENTS]
       lampyr check [OPTIONS] --base COMMAND --new COMMAND
       lampyr check [OPTIONS] --base-profiles FILE... --new-profiles FILE...

Exit status: 0 nothing is slower, 1 slower or over budget, 2 wrong usage, 3 not enough to decide, 4 runs failed
)");
    app.set_help_flag();
    add_text(app, "--base", typed.base, "COMMAND", "what runs the base; a shell's command")->group("Sides");
    add_text(app, "--new", typed.now, "COMMAND", "what runs the new version")->group("Sides");
    add_text(app, "--base-ref", typed.base_ref, "REF", "run the new command also in a work tree of this commit")
        ->group("Sides");
    for (const auto& [name, values, help] :
         {std::tuple{"--base-profiles", &typed.base_profiles, "recorded runs of the base; files or directories"},
          std::tuple{"--new-profiles", &typed.now_profiles, "recorded runs of the new version"}}) {
        app.add_option(name, *values, help)
            ->option_text("FILE...")
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->group("Sides");
    }
    add_text(app, "-c,--config", typed.config, "FILE", "rules: thresholds, budgets, allowances (docs/ci.md)")
        ->group("Measuring");
    add_text(app, "--runs", typed.runs, "N", "runs on each side; default 10")->group("Measuring");
    add_text(app, "-r,--rate", typed.rate, "HZ", "samples a second; default 1000")->group("Measuring");
    app.add_flag("--adaptive", typed.adaptive, "5 runs first, and 15 fresh ones only to confirm a suspicion")
        ->group("Measuring");
    add_text(app, "--order", typed.order, "ORDER", "abba (default) or blocked, which alarms more")->group("Measuring");
    add_text(app, "--work", typed.work, "N", "units of work a run does; default 1")->group("Measuring");
    add_text(app, "--work-from", typed.work_from, "REGEX", "the work done, in what a run prints: the first group")
        ->group("Measuring");
    add_text(app, "--warm-ups", typed.warm_ups, "N", "runs of each side that are not counted; default 1")
        ->group("Measuring");
    app.add_flag("--force", typed.force, "compare in spite of another Python, machine or way of recording")
        ->group("Measuring");
    app.add_flag("--plan", typed.plan, "tell how many runs are needed, instead of checking")->group("Instead");
    app.add_flag("--aa", typed.self_test, "test the check itself: the same program on both sides")->group("Instead");
    add_text(app, "--trials", typed.trials, "N", "with --aa and --base-profiles: random splits; default 1000")
        ->group("Instead");
    add_text(app, "--json", typed.json, "FILE", "the verdict for scripts")->group("Reports");
    add_text(app, "--junit", typed.junit, "FILE", "JUnit XML: a test for each function and budget")->group("Reports");
    add_text(app, "--markdown", typed.markdown, "FILE", "for a comment or a summary")->group("Reports");
    add_text(app, "--gitlab", typed.gitlab, "FILE", "GitLab code quality")->group("Reports");
    add_text(app, "--svg", typed.svg, "FILE", "flamegraph of both sides")->group("Reports");
    add_text(app, "--artifacts", typed.artifacts, "DIR", "all of these, and every run's profile and output")
        ->group("Reports");
    app.add_flag("--github", typed.github, "annotations on standard output, summary to $GITHUB_STEP_SUMMARY")
        ->group("Reports");
    add_quiet(app, typed.messages);
    add_messages(app, typed.messages);
}

Result<CheckRules> read_rules(const std::string& file) {
    if (file.empty()) return CheckRules{};
    std::ifstream in(file, std::ios::binary);
    if (!in) return usage(fmt::format("cannot read the rules {}", in_quotes(file)), "");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return parse_rules(text, file);
}

Result<double> parse_work(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' || !(value > 0) || value > 1e15)
        return usage(fmt::format("bad amount of work {}", in_quotes(text)), "give a number, such as --work 1000");
    return value;
}

Result<void> choose_sides(const Typed& typed, const Words& program, CheckArgs& args) {
    for (const std::string& word : program) args.now += (args.now.empty() ? "" : " ") + shell_quoted(word);
    if (!typed.now.empty() && !program.empty()) return exclusive("--new", "a program after --");
    if (!typed.now.empty()) args.now = typed.now;
    args.base = typed.base;
    args.base_ref = typed.base_ref;
    args.base_profiles = typed.base_profiles;
    args.now_profiles = typed.now_profiles;
    const bool one_side = args.job != CheckArgs::Job::kCheck;
    if (!args.base_profiles.empty() || !args.now_profiles.empty()) {
        if (!args.now.empty() || !args.base.empty() || !args.base_ref.empty())
            return usage("recorded runs and commands to run exclude each other", "leave one of them out");
        if (args.base_profiles.empty() || (args.now_profiles.empty() && !one_side))
            return usage("one side has no profiles", "give --base-profiles and --new-profiles");
        if (args.adaptive) return usage("--adaptive decides how often to run", "leave it out with recorded runs");
        return {};
    }
    if (one_side) {
        if (args.now.empty()) args.now = args.base;
        if (args.now.empty()) return usage("nothing to run", "add -- and the program, such as: -- python3 bench.py");
        args.base = args.now;
        return {};
    }
    if (args.now.empty()) return usage("nothing to check", "add -- and the program, such as: -- python3 bench.py");
    if (args.base.empty() == args.base_ref.empty())
        return usage(args.base.empty() ? "nothing to compare with" : "--base and --base-ref exclude each other",
                     "give --base-ref and a commit, or --base and a command");
    return {};
}

Result<void> choose_numbers(const Typed& typed, CheckArgs& args) {
    const auto count = [](const std::string& text, std::size_t& value) -> Result<void> {
        if (text.empty()) return {};
        const auto parsed = parse_count(text);
        if (!parsed) return parsed.error();
        value = *parsed;
        return {};
    };
    for (const auto& [text, value] : {std::pair{&typed.runs, &args.rules.runs}, std::pair{&typed.trials, &args.trials}})
        if (const auto done = count(*text, *value); !done) return done.error();
    if (typed.warm_ups == "0")
        args.warm_ups = 0;
    else if (const auto done = count(typed.warm_ups, args.warm_ups); !done)
        return done.error();
    if (args.rules.runs < 3) return usage("fewer than 3 runs a side decide nothing", "10 are usual");
    if (!typed.rate.empty()) {
        const Result<double> rate = parse_rate(typed.rate);
        if (!rate) return rate.error();
        args.rules.rate_hz = *rate;
    }
    if (!typed.work.empty()) {
        const Result<double> work = parse_work(typed.work);
        if (!work) return work.error();
        args.work = *work;
    }
    if (!typed.order.empty() && typed.order != "abba" && typed.order != "blocked")
        return usage(fmt::format("no order is called {}", in_quotes(typed.order)), "use abba or blocked");
    args.blocked = typed.order == "blocked";
    args.work_from = typed.work_from;
    return {};
}

}  // namespace

void with_check_options(const std::function<void(CLI::App&)>& use) {
    Typed typed;
    CLI::App app{"", "check"};
    describe(app, typed);
    use(app);
}

Result<Command> parse_check(Words words) {
    Typed typed;
    CLI::App app{"", "check"};
    describe(app, typed);
    Words program;
    if (const auto mark = std::find(words.begin(), words.end(), "--"); mark != words.end()) {
        program.assign(mark + 1, words.end());
        words.erase(mark, words.end());
        if (program.empty()) return usage("no program after --", "such as: -- python3 bench.py");
    }
    const Result<std::string> shown = parse_words(app, std::move(words), typed.messages);
    if (!shown) return shown.error();
    if (!shown->empty()) return Command{ShowText{*shown}};
    CheckArgs args;
    if (typed.plan && typed.self_test) return exclusive("--plan", "--aa");
    if (typed.plan) args.job = CheckArgs::Job::kPlan;
    if (typed.self_test) args.job = CheckArgs::Job::kSelfTest;
    args.adaptive = typed.adaptive;
    Result<CheckRules> rules = read_rules(typed.config);
    if (!rules) return rules.error();
    args.rules = std::move(*rules);
    if (const auto chosen = choose_sides(typed, program, args); !chosen) return chosen.error();
    if (const auto chosen = choose_numbers(typed, args); !chosen) return chosen.error();
    args.force = typed.force;
    args.json = typed.json;
    args.junit = typed.junit;
    args.markdown = typed.markdown;
    args.gitlab = typed.gitlab;
    args.svg = typed.svg;
    args.artifacts = typed.artifacts;
    args.github = typed.github;
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    args.colour = *colour;
    if (typed.messages.quiet) args.verbosity = Verbosity::kQuiet;
    return Command{std::move(args)};
}

}  // namespace lampyr::tool
