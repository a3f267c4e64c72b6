// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace lampyr::tool {

struct CommandLine {
    std::string_view name;
    std::string_view help;
};
/// Every command, in the order in which their first letters are tried: one letter stays what it was.
inline constexpr std::array<CommandLine, 8> kCommands{{
    {"record", "sample a program for a while and write a flamegraph or another format"},
    {"top", "show live what takes the time"},
    {"dump", "print the Python stack of each thread once"},
    {"report", "read recordings: what took the time, or another format"},
    {"diff", "compare recordings: which functions take more of the time than before"},
    {"check", "fail when a change made a program slower: for CI"},
    {"doctor", "say whether a process can be profiled, and if not, why"},
    {"completions", "print what makes bash, zsh or fish complete all this"},
}};

[[nodiscard]] std::string overview_help();
/// Examples first, then the options of the command as its parser knows them.
[[nodiscard]] std::string command_help(const CLI::App& command);

}  // namespace lampyr::tool
