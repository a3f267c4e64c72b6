// SPDX-License-Identifier: MIT
#include "option_words.hpp"

#include "help.hpp"
#include "option_values.hpp"

#include <lampyr/version.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {

Error usage(std::string message, std::string hint) {
    return Error{ErrorCode::kUsage, std::move(message), std::move(hint), 0};
}

Error exclusive(std::string_view one, std::string_view other) {
    return usage(fmt::format("{} and {} exclude each other", one, other), "leave one of them out");
}

CLI::Option* add_text(CLI::App& app, const char* names, std::string& value, const char* what, const char* help) {
    return app.add_option(names, value, help)->option_text(what)->take_last();
}

CLI::Option* add_texts(CLI::App& app, const char* names, Words& values, const char* what, const char* help) {
    return app.add_option(names, values, help)
        ->option_text(what)
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_quiet(CLI::App& app, MessageWords& words) {
    app.add_flag("-q,--quiet", words.quiet, "errors only")->group("Messages");
}

void add_messages(CLI::App& app, MessageWords& words) {
    add_text(app, "--color", words.colour, "WHEN", "auto, always or never; NO_COLOR is honoured")->group("Messages");
    app.add_flag("-h,--help", words.help, "this text")->group("Messages");
    app.add_flag("-V,--version", words.version, "the version of lampyr")->group("Messages");
}

Result<std::string> parse_words(CLI::App& app, Words words, const MessageWords& asked) {
    try {
        std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return usage(in_quotes(error.what()), fmt::format("see lampyr {} --help", app.get_name()));
    }
    if (asked.help) return command_help(app);
    if (asked.version) return std::string{"lampyr " LAMPYR_VERSION "\n"};
    return std::string{};
}

}  // namespace lampyr::tool
