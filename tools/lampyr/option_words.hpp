// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace lampyr::tool {

[[nodiscard]] inline Error usage_error(std::string message, std::string hint) {
    return Error{ErrorCode::kUsage, std::move(message), std::move(hint), 0};
}

/// An option with one value; given twice, the last one counts.
inline CLI::Option* add_value(CLI::App& app, const char* names, std::string& value, const char* what,
                              const char* help) {
    return app.add_option(names, value, help)->option_text(what)->take_last();
}
/// An option that may be given several times, with one value each.
inline CLI::Option* add_values(CLI::App& app, const char* name, std::vector<std::string>& values, const char* what,
                               const char* help) {
    return app.add_option(name, values, help)
        ->option_text(what)
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// Options every command that compares has.
struct MessageWords {
    std::string colour = "auto";
    bool quiet = false, help = false, version = false;
};
void add_message_options(CLI::App& app, MessageWords& words);

/// CLI11 at work, with its complaints as an error; a text if only help or the version was asked for.
[[nodiscard]] Result<std::string> parse_words(CLI::App& app, std::vector<std::string> words, const MessageWords& asked);

}  // namespace lampyr::tool
