// SPDX-License-Identifier: MIT
#pragma once

#include "command_facts.hpp"

#include <lampyr/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace lampyr::tool {

/// A script that teaches a shell ("bash", "zsh" or "fish") to complete these commands.
[[nodiscard]] Result<std::string> completion_script(std::string_view shell, const std::vector<CommandFacts>& commands);

}  // namespace lampyr::tool
