// SPDX-License-Identifier: MIT
#include "completions.hpp"

#include "option_values.hpp"
#include "option_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <initializer_list>
#include <utility>

namespace lampyr::tool {
namespace {

/// `text` with each @NAME@ replaced.
std::string filled(std::string text, std::initializer_list<std::pair<std::string_view, std::string>> values) {
    for (const auto& [name, value] : values)
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size())
            text.replace(at, name.size(), value);
    return text;
}

/// Within single quotes of bash and zsh.
std::string quoted_for_sh(std::string_view text) { return filled(std::string(text), {{"'", "'\\''"}}); }
std::string quoted_for_fish(std::string_view text) { return filled(std::string(text), {{"\\", "\\\\"}, {"'", "\\'"}}); }

std::string names_of(const std::vector<CommandFacts>& commands) {
    std::string names;
    for (const CommandFacts& command : commands) names += (names.empty() ? "" : " ") + command.name;
    return names;
}

std::string kind_word(WordKind kind, const std::vector<std::string>& choices) {
    switch (kind) {
        case WordKind::kNothing: return "";
        case WordKind::kOther: return "other";
        case WordKind::kFile: return "file";
        case WordKind::kFolder: return "folder";
        case WordKind::kPid: return "pid";
        case WordKind::kChoice: return fmt::format("words {}", fmt::join(choices, " "));
        case WordKind::kRevision: return "revision";
        case WordKind::kProgram: return "program";
    }
    return "";
}

constexpr std::string_view kBash = R"sh(# bash completion for lampyr, written by: lampyr completions bash

_lampyr_value() {  # COMMAND OPTION: what the option's value is; nothing for a flag
    case $1:$2 in
@VALUES@    esac
}

_lampyr_options() {
    case $1 in
@OPTIONS@    esac
}

_lampyr_rest() {  # what stands there without an option
    case $1 in
@REST@    esac
}

_lampyr_kind() {  # what is to be completed; reads the words of the caller
    local command='' name word kind letter i last
    if ((COMP_CWORD == 1)); then
        echo 'words @NAMES@ help --help --version'
        return
    fi
    if [[ ${COMP_WORDS[1]} == help ]]; then
        echo 'words @NAMES@'
        return
    fi
    for name in @NAMES@; do
        [[ $name == "${COMP_WORDS[1]}"* ]] && command=$name && break
    done
    for ((i = 2; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]} kind=''
        case $word in
            --)
                ((i + 1 == COMP_CWORD)) && echo program || echo file
                return ;;
            --*) kind=$(_lampyr_value "$command" "$word") ;;
            -?*)
                for ((letter = 1; letter < ${#word}; letter++)); do
                    kind=$(_lampyr_value "$command" "-${word:letter:1}")
                    [[ $kind ]] || continue
                    ((letter + 1 == ${#word})) || kind=''  # the value is the rest of the word
                    break
                done ;;
            *)
                if [[ $(_lampyr_rest "$command") == program ]]; then
                    echo file
                    return
                fi ;;
        esac
        [[ $kind ]] || continue
        last=$((i + 1))
        [[ ${COMP_WORDS[last]} == = ]] && last=$((i + 2))
        if ((last >= COMP_CWORD)); then
            echo "$kind"
            return
        fi
        i=$last
    done
    if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
        echo "words $(_lampyr_options "$command")"
    else
        _lampyr_rest "$command"
    fi
}

_lampyr() {
    local cur=${COMP_WORDS[COMP_CWORD]} kind
    kind=$(_lampyr_kind)
    [[ $cur == = ]] && cur=''
    COMPREPLY=()
    case $kind in
        file) return ;;  # bash's own
        program)
            mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
            return ;;
    esac
    compopt +o default +o bashdefault 2> /dev/null
    case $kind in
        words*) mapfile -t COMPREPLY < <(compgen -W "${kind#words}" -- "$cur") ;;
        pid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur") ;;
        revision) mapfile -t COMPREPLY < <(compgen -W "$(git for-each-ref --format='%(refname:short)' 2> /dev/null)" -- "$cur") ;;
        folder)
            compopt -o filenames 2> /dev/null
            mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    esac
}

complete -o bashdefault -o default -F _lampyr lampyr
)sh";

std::string bash_script(const std::vector<CommandFacts>& commands) {
    std::string values;
    std::string options;
    std::string rest;
    for (const CommandFacts& command : commands) {
        std::string names;
        for (const OptionFacts& option : command.options) {
            std::string pattern;
            for (const std::string& name : option.names) {
                names += " " + name;
                pattern += fmt::format("{}{}:{}", pattern.empty() ? "" : "|", command.name, name);
            }
            if (option.kind != WordKind::kNothing)
                values += fmt::format("        {}) echo '{}' ;;\n", pattern, kind_word(option.kind, option.choices));
        }
        options += fmt::format("        {}) echo '{}' ;;\n", command.name, names.empty() ? names : names.substr(1));
        rest += fmt::format("        {}) echo '{}' ;;\n", command.name, kind_word(command.words, command.choices));
    }
    return filled(std::string(kBash),
                  {{"@VALUES@", values}, {"@OPTIONS@", options}, {"@REST@", rest}, {"@NAMES@", names_of(commands)}});
}

constexpr std::string_view kZsh = R"sh(#compdef lampyr
# zsh completion for lampyr, written by: lampyr completions zsh

_lampyr_pids() {
    local -a pids
    pids=(/proc/<->(N:t))
    compadd -a pids
}

_lampyr_revisions() {
    local -a revisions
    revisions=(${(f)"$(git for-each-ref --format='%(refname:short)' 2> /dev/null)"})
    compadd -a revisions
}

_lampyr() {
    local curcontext=$curcontext state line command='' name
    local -a commands
    typeset -A opt_args
    commands=(
@COMMANDS@    )
    _arguments -C \
        '(- *)'{-h,--help}'[commands and examples]' \
        '(- *)'{-V,--version}'[the version of lampyr]' \
        '1:command:->command' \
        '*::argument:->argument' && return
    if [[ $state == command ]]; then
        _describe command commands
        return
    fi
    for name in @NAMES@; do
        [[ $name == $words[1]* ]] && command=$name && break
    done
    case $command in
@CASES@    esac
}

if [[ $funcstack[1] == _lampyr ]]; then _lampyr "$@"; else compdef _lampyr lampyr; fi
)sh";

std::string zsh_action(WordKind kind, const std::vector<std::string>& choices) {
    switch (kind) {
        case WordKind::kFile: return "_files";
        case WordKind::kFolder: return "_files -/";
        case WordKind::kPid: return "_lampyr_pids";
        case WordKind::kChoice: return fmt::format("({})", fmt::join(choices, " "));
        case WordKind::kRevision: return "_lampyr_revisions";
        default: return " ";
    }
}

std::string zsh_script(const std::vector<CommandFacts>& commands) {
    const auto help_of = [](const std::string& help) {
        return quoted_for_sh(filled(help, {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}}));
    };
    std::string list;
    std::string cases;
    for (const CommandFacts& command : commands) {
        list += fmt::format("        '{}:{}'\n", command.name, help_of(command.help));
        cases += fmt::format("        {}) _arguments -s -S", command.name);
        for (const OptionFacts& option : command.options) {
            const std::string value =
                option.what.empty() ? "" : fmt::format(":{}:{}", option.what, zsh_action(option.kind, option.choices));
            const std::string others = option.repeats ? "*" : fmt::format("({})", fmt::join(option.names, " "));
            for (const std::string& name : option.names) {
                const std::string_view joined = value.empty() ? "" : name.starts_with("--") ? "=" : "+";
                cases +=
                    fmt::format(" \\\n            '{}{}{}[{}]{}'", others, name, joined, help_of(option.help), value);
            }
        }
        if (command.words == WordKind::kProgram)
            cases += " \\\n            '(-)1:program:_command_names -e' '*::argument:_normal'";
        else if (command.words != WordKind::kNothing)
            cases += fmt::format(" \\\n            '*:word:{}'", zsh_action(command.words, command.choices));
        cases += " ;;\n";
    }
    return filled(std::string(kZsh), {{"@COMMANDS@", list}, {"@CASES@", cases}, {"@NAMES@", names_of(commands)}});
}

constexpr std::string_view kFish = R"sh(# fish completion for lampyr, written by: lampyr completions fish

# __lampyr_at COMMAND [VALUE-OPTION...]: the cursor stands among the words of this command, before any program it starts.
function __lampyr_at
    set -l words (commandline -opc)
    set -q words[2]; or return 1
    for name in @NAMES@
        if string match -q -- "$words[2]*" $name
            test $name = $argv[1]; or return 1
            break
        end
    end
    string match -q -- "$words[2]*" $argv[1]; or return 1
    contains -- $argv[1] @PROGRAMS@; or return 0
    set -l value_follows no
    for word in $words[3..-1]
        if test $value_follows = yes
            set value_follows no
        else if test "$word" = --
            return 1
        else if string match -q -- '-*' $word
            contains -- $word $argv[2..-1]; and set value_follows yes
        else
            return 1
        end
    end
    return 0
end

function __lampyr_first
    test (count (commandline -opc)) = 1
end

complete -c lampyr -n __lampyr_first -f
complete -c lampyr -n __lampyr_first -s h -l help -d 'commands and examples'
complete -c lampyr -n __lampyr_first -s V -l version -d 'the version of lampyr'
@LINES@)sh";

std::string fish_value(const OptionFacts& option) {
    switch (option.kind) {
        case WordKind::kNothing: return "";
        case WordKind::kFile: return " -r -F";
        case WordKind::kFolder: return " -x -a '(__fish_complete_directories)'";
        case WordKind::kPid: return " -x -a '(__fish_complete_pids)'";
        case WordKind::kChoice: return fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
        case WordKind::kRevision: return " -x -a '(git for-each-ref --format=\"%(refname:short)\" 2>/dev/null)'";
        default: return " -x";
    }
}

std::string fish_script(const std::vector<CommandFacts>& commands) {
    std::string lines;
    std::string programs;
    for (const CommandFacts& command : commands) {
        lines += fmt::format("complete -c lampyr -n __lampyr_first -a {} -d '{}'\n", command.name,
                             quoted_for_fish(command.help));
        std::string at = "__lampyr_at " + command.name;
        for (const OptionFacts& option : command.options)
            if (!option.what.empty()) at += fmt::format(" {}", fmt::join(option.names, " "));
        for (const OptionFacts& option : command.options) {
            lines += fmt::format("complete -c lampyr -n '{}'", at);
            for (const std::string& name : option.names)
                lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            lines += fmt::format("{} -d '{}'\n", fish_value(option), quoted_for_fish(option.help));
        }
        if (command.words == WordKind::kProgram) {
            programs += (programs.empty() ? "" : " ") + command.name;
            lines += fmt::format("complete -c lampyr -n '{}' -a '(__fish_complete_command)'\n", at);
        } else if (command.words == WordKind::kPid) {
            lines += fmt::format("complete -c lampyr -n '{}' -f -a '(__fish_complete_pids)'\n", at);
        } else if (command.words == WordKind::kChoice) {
            lines += fmt::format("complete -c lampyr -n '{}' -f -a '{}'\n", at, fmt::join(command.choices, " "));
        } else if (command.words == WordKind::kNothing) {
            lines += fmt::format("complete -c lampyr -n '{}' -f\n", at);
        }
    }
    return filled(std::string(kFish), {{"@LINES@", lines}, {"@NAMES@", names_of(commands)}, {"@PROGRAMS@", programs}});
}

}  // namespace

Result<std::string> completion_script(std::string_view shell, const std::vector<CommandFacts>& commands) {
    if (shell == "bash") return bash_script(commands);
    if (shell == "zsh") return zsh_script(commands);
    if (shell == "fish") return fish_script(commands);
    return usage(fmt::format("no completions for the shell {}", in_quotes(shell)), "use bash, zsh or fish");
}

}  // namespace lampyr::tool
