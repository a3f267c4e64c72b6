// SPDX-License-Identifier: MIT
#include "command_facts.hpp"

#include <algorithm>
#include <array>

namespace lampyr::tool {
namespace {

struct Choices {
    std::string_view command;  ///< empty: any
    std::string_view option;
    std::vector<std::string> words;
};

/// The parser takes these values as text and judges them later, so it cannot list them; a test gives it each of them.
const std::array<Choices, 8>& choices() {
    static const std::array<Choices, 8> all{{
        {"record", "--format", {"flamegraph", "speedscope", "raw", "chrometrace", "pprof", "lampyr"}},
        {"report", "--format", {"flamegraph", "speedscope", "raw", "chrometrace", "pprof", "lampyr"}},
        {"top", "--format", {"text", "json", "csv"}},
        {"diff", "--format", {"text", "markdown", "json", "svg"}},
        {"top", "--by", {"function", "line", "thread", "process"}},
        {"report", "--by", {"line", "function", "file", "module"}},
        {"check", "--order", {"abba", "blocked"}},
        {"", "--color", {"auto", "always", "never"}},
    }};
    return all;
}

WordKind kind_of(std::string_view what) {
    if (what.empty()) return WordKind::kNothing;
    if (what.starts_with("FILE") || what.starts_with("NEW")) return WordKind::kFile;
    if (what == "DIR") return WordKind::kFolder;
    if (what == "PID") return WordKind::kPid;
    if (what == "REF") return WordKind::kRevision;
    return WordKind::kOther;
}

WordKind words_of(std::string_view command) {
    if (command == "record" || command == "top") return WordKind::kProgram;
    if (command == "doctor") return WordKind::kPid;
    if (command == "dump") return WordKind::kNothing;
    if (command == "completions") return WordKind::kChoice;
    return WordKind::kFile;
}

}  // namespace

CommandFacts facts_of(const CLI::App& app, std::string_view help) {
    CommandFacts facts{app.get_name(), std::string(help), {}, words_of(app.get_name())};
    if (facts.words == WordKind::kChoice) facts.choices = {"bash", "zsh", "fish"};
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) continue;  // not an option but what stands by itself
        OptionFacts one;
        for (const std::string& name : option->get_snames()) one.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
        one.help = option->get_description();
        if (option->get_items_expected_max() > 0) one.what = option->get_option_text();
        one.kind = kind_of(one.what);
        one.repeats = option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
        for (const Choices& known : choices()) {
            const bool here = known.command.empty() || known.command == facts.name;
            if (!here || std::find(one.names.begin(), one.names.end(), known.option) == one.names.end()) continue;
            one.kind = WordKind::kChoice;
            one.choices = known.words;
        }
        facts.options.push_back(std::move(one));
    }
    return facts;
}

}  // namespace lampyr::tool
