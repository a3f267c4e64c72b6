// SPDX-License-Identifier: MIT
#include "option_words.hpp"

#include "help.hpp"
#include "option_values.hpp"

#include <lampyr/version.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {

void add_message_options(CLI::App& app, MessageWords& words) {
    app.add_flag("-q,--quiet", words.quiet, "errors only")->group("Messages");
    add_value(app, "--color", words.colour, "WHEN", "auto, always or never; NO_COLOR is honoured")->group("Messages");
    app.add_flag("-h,--help", words.help, "this text")->group("Messages");
    app.add_flag("-V,--version", words.version, "the version of lampyr")->group("Messages");
}

Result<std::string> parse_words(CLI::App& app, std::vector<std::string> words, const MessageWords& asked) {
    try {
        std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return usage_error(in_quotes(error.what()), fmt::format("see lampyr {} --help", app.get_name()));
    }
    if (asked.help) return command_help(app);
    if (asked.version) return std::string{"lampyr " LAMPYR_VERSION "\n"};
    return std::string{};
}

}  // namespace lampyr::tool
