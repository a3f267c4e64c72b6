// SPDX-License-Identifier: MIT
#include "process/status_file.hpp"

#include "process/proc_file.hpp"

namespace lampyr::process {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::optional<std::string_view> StatusFile::value(std::string_view key) const {
    for (std::string_view rest = text_; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ':') {
            return trim(line.substr(key.size() + 1));
        }
    }
    return std::nullopt;
}

std::optional<std::int64_t> StatusFile::number(std::string_view key) const {
    const auto text = value(key);
    return text ? parse_number<std::int64_t>(*text) : std::nullopt;
}

std::optional<std::uint64_t> StatusFile::hex(std::string_view key) const {
    const auto text = value(key);
    return text ? parse_number<std::uint64_t>(*text, 16) : std::nullopt;
}

std::vector<std::uint32_t> StatusFile::ids(std::string_view key) const {
    std::vector<std::uint32_t> numbers;
    std::string_view rest = value(key).value_or(std::string_view{});
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
        const auto number = parse_number<std::uint32_t>(word);
        if (!number) break;
        numbers.push_back(*number);
        rest = trim(rest.substr(word.size()));
    }
    return numbers;
}

}  // namespace lampyr::process
