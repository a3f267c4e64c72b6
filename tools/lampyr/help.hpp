// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace lampyr::tool {

[[nodiscard]] std::string overview_help();
/// Examples first, then the options of the command as its parser knows them.
[[nodiscard]] std::string command_help(const CLI::App& command);

}  // namespace lampyr::tool
