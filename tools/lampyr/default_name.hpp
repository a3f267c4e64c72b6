// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/ids.hpp>

#include <ctime>
#include <string>
#include <string_view>

namespace lampyr::tool {

/// What a person calls the program: the script or module a Python runs, else the executable's name; letters, digits,
/// dot, dash and underscore only, at most 40 of them, so it can be part of a file name.
[[nodiscard]] std::string program_name(std::string_view command_line);

/// `lampyr-<program>-<pid>-<local time>.<extension>`
[[nodiscard]] std::string default_file_name(std::string_view command_line, Pid pid, std::time_t now,
                                            std::string_view extension);

}  // namespace lampyr::tool
