// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <lampyr/version.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace lampyr::tool {

std::string overview_help() {
    std::string text = "lampyr " LAMPYR_VERSION
                       ", a sampling profiler for Python that does not stop the program it looks at\n"
                       R"(
  lampyr record -o profile.svg -- python3 app.py   where does this program spend its time?
  sudo lampyr record -p 1234 -d 30                 and this one, which runs already?
  sudo lampyr dump -p 1234                         what is it doing just now?
  sudo lampyr top -p 1234                          and while one looks on?
  lampyr report day.lampyr                         what did yesterday's recording find?

Commands (the first letters are enough):
)";
    for (const CommandLine& command : kCommands) text += fmt::format("  {:<11}  {}\n", command.name, command.help);
    return text + R"(
  lampyr COMMAND --help   the options of a command, with examples
  lampyr --version
)";
}

std::string command_help(const CLI::App& command) {
    std::string text = command.get_description();
    for (const std::string& group : command.get_groups()) {
        const auto options =
            command.get_options([&group](const CLI::Option* option) { return option->get_group() == group; });
        if (group.empty() || options.empty()) continue;
        text += fmt::format("\n{}:\n", group);
        for (const CLI::Option* option : options) {
            std::string name = option->get_name(false, true);
            const std::size_t comma = name.find(',');
            comma == std::string::npos ? name.insert(0, "    ") : name.insert(comma + 1, " ");
            if (!option->get_option_text().empty()) name += " " + option->get_option_text();
            text += fmt::format("  {:<25} {}\n", name, option->get_description());
        }
    }
    return text;
}

}  // namespace lampyr::tool
