// SPDX-License-Identifier: MIT
#include "default_name.hpp"

#include <fmt/format.h>

#include <array>

namespace lampyr::tool {
namespace {

std::string_view next_word(std::string_view& rest) {
    const std::size_t begin = rest.find_first_not_of(' ');
    if (begin == std::string_view::npos) return rest = {};
    rest.remove_prefix(begin);
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The script or module among a Python's arguments; empty: -c, standard input or none.
std::string_view script_of(std::string_view arguments) {
    for (std::string_view word = next_word(arguments); !word.empty(); word = next_word(arguments)) {
        if (word == "-m") return next_word(arguments);
        if (word == "-c" || word == "-") return {};
        if (word == "-W" || word == "-X") {
            next_word(arguments);
        } else if (word[0] != '-') {
            std::string_view name = base_name(word);
            if (name.ends_with(".py")) name.remove_suffix(3);
            return name;
        }
    }
    return {};
}

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

}  // namespace

std::string program_name(std::string_view command_line) {
    constexpr std::size_t kLongest = 40;
    std::string_view rest = command_line;
    std::string_view name = base_name(next_word(rest));
    if (name.starts_with("python")) {
        if (const std::string_view script = script_of(rest); !script.empty()) name = script;
    }
    std::string safe;
    for (const char c : name.substr(0, kLongest)) safe += plain(c) ? c : '_';
    return safe.empty() ? "python" : safe;
}

std::string default_file_name(std::string_view command_line, Pid pid, std::time_t now, std::string_view extension) {
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 32> time{};
    std::strftime(time.data(), time.size(), "%Y%m%d-%H%M%S", &local);
    return fmt::format("lampyr-{}-{}-{}.{}", program_name(command_line), pid.value, time.data(), extension);
}

}  // namespace lampyr::tool
