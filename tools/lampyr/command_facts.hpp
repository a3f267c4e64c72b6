// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::tool {

/// What a word on the command line may be, for a shell that completes it.
enum class WordKind : std::uint8_t { kNothing, kOther, kFile, kFolder, kPid, kChoice, kRevision, kProgram };

/// An option as the parser has it.
struct OptionFacts {
    std::vector<std::string> names;  ///< "-p", "--pid"
    std::string what;                ///< "PID"; empty for a flag
    std::string help;
    WordKind kind = WordKind::kNothing;  ///< of its value; nothing for a flag
    std::vector<std::string> choices{};
    bool repeats = false;
};

struct CommandFacts {
    std::string name;
    std::string help;
    std::vector<OptionFacts> options{};
    WordKind words = WordKind::kNothing;  ///< of what stands there without an option; a program ends lampyr's own words
    std::vector<std::string> choices{};
};

/// Reads a command's options from its parser, so that nothing that lists them can lag behind.
[[nodiscard]] CommandFacts facts_of(const CLI::App& app, std::string_view help);

}  // namespace lampyr::tool
