// SPDX-License-Identifier: MIT
#include "cli_compare.hpp"
#include "cli_parts.hpp"
#include "completions.hpp"
#include "help.hpp"

namespace lampyr::tool {
namespace {

struct TypedCompletions {
    Words shells;
    MessageWords messages;
};

void describe_completions(CLI::App& app, TypedCompletions& typed) {
    app.description(R"(Print a script that makes a shell complete lampyr's commands, options and their values.

  source <(lampyr completions bash)                                     this bash, until it ends
  lampyr completions bash > ~/.local/share/bash-completion/completions/lampyr   every bash
  lampyr completions zsh > DIR/_lampyr                                  DIR is one of $fpath
  lampyr completions fish > ~/.config/fish/completions/lampyr.fish

Usage: lampyr completions bash|zsh|fish
)");
    app.set_help_flag();
    app.add_option("shell", typed.shells)->group("");
    add_messages(app, typed.messages);
}

std::vector<CommandFacts> all_commands() {
    std::vector<CommandFacts> all;
    for (const CommandLine& command : kCommands) {
        const auto read = [&all, &command](CLI::App& app) { all.push_back(facts_of(app, command.help)); };
        CLI::App app{"", std::string(command.name)};
        Typed typed;
        TypedCompletions completions;
        if (command.name == "diff") {
            with_diff_options(read);
            continue;
        }
        if (command.name == "check") {
            with_check_options(read);
            continue;
        }
        command.name == "completions" ? describe_completions(app, completions) : describe_command(app, typed);
        read(app);
    }
    return all;
}

}  // namespace

Result<Command> parse_completions(Words words) {
    TypedCompletions typed;
    CLI::App app{"", "completions"};
    describe_completions(app, typed);
    const Result<std::string> shown = parse_words(app, std::move(words), typed.messages);
    if (!shown) return shown.error();
    if (!shown->empty()) return Command{ShowText{*shown}};
    if (typed.shells.size() != 1)
        return usage(typed.shells.empty() ? "no shell named" : "more than one shell named",
                     "type lampyr completions bash, zsh or fish");
    Result<std::string> script = completion_script(typed.shells.front(), all_commands());
    if (!script) return script.error();
    return Command{ShowText{std::move(*script)}};
}

}  // namespace lampyr::tool
