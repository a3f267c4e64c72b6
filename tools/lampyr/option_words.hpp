// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace lampyr::tool {

using Words = std::vector<std::string>;

[[nodiscard]] Error usage(std::string message, std::string hint);
[[nodiscard]] Error exclusive(std::string_view one, std::string_view other);

/// An option with one value; given twice, the last one counts.
CLI::Option* add_text(CLI::App& app, const char* names, std::string& value, const char* what, const char* help);
/// An option that may be given several times, with one value each.
CLI::Option* add_texts(CLI::App& app, const char* names, Words& values, const char* what, const char* help);

/// Options every command has, as typed.
struct MessageWords {
    std::string colour = "auto";
    bool quiet = false, help = false, version = false;
};
void add_quiet(CLI::App& app, MessageWords& words);
void add_messages(CLI::App& app, MessageWords& words);

/// CLI11 at work, with its complaints as an error; a text if only help or the version was asked for.
[[nodiscard]] Result<std::string> parse_words(CLI::App& app, Words words, const MessageWords& asked);

}  // namespace lampyr::tool
