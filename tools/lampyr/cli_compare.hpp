// SPDX-License-Identifier: MIT
#pragma once

#include "cli.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampyr::tool {

/// `OLD=NEW` of an option.
[[nodiscard]] Result<std::pair<std::string, std::string>> split_pair(const std::string& text, std::string_view option);

/// Calls `use` with the parser of `lampyr diff` or `lampyr check`.
void with_diff_options(const std::function<void(CLI::App&)>& use);
void with_check_options(const std::function<void(CLI::App&)>& use);

/// The options of `lampyr diff`, checked.
[[nodiscard]] Result<Command> parse_diff(std::vector<std::string> words);
[[nodiscard]] Result<Command> parse_completions(std::vector<std::string> words);
/// Those of `lampyr check`; reads its file of rules.
[[nodiscard]] Result<Command> parse_check(std::vector<std::string> words);

}  // namespace lampyr::tool
