// SPDX-License-Identifier: MIT
#include "process/stat_line.hpp"

#include "process/proc_file.hpp"

namespace lampyr::process {
namespace {

constexpr int kLastField = 28;
constexpr int kProcessorField = 39;

std::uint64_t* number_of(StatLine& line, int field) {
    switch (field) {
        case 9: return &line.flags;
        case 14: return &line.user_time;
        case 15: return &line.system_time;
        case 22: return &line.start_time;
        case 24: return &line.rss_pages;
        case 26: return &line.start_code;
        case 28: return &line.start_stack;
        default: return nullptr;
    }
}

}  // namespace

std::optional<StatLine> parse_stat(std::string_view text) {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == text.npos || close == text.npos || close < open) return std::nullopt;
    StatLine line;
    line.comm = text.substr(open + 1, close - open - 1);
    std::string_view rest = text.substr(close + 1);

    for (int field = 3; field <= kProcessorField; ++field) {
        if (rest.empty() || rest.front() != ' ') {
            if (field > kLastField) break;
            return std::nullopt;
        }
        rest.remove_prefix(1);
        const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
        rest.remove_prefix(word.size());
        if (field == 3) {
            if (word.size() != 1) return std::nullopt;
            line.state = word.front();
            continue;
        }
        if (field == 4) {
            const auto parent = parse_number<std::int32_t>(word);
            if (!parent) return std::nullopt;
            line.parent = *parent;
            continue;
        }
        if (field == kProcessorField) line.processor = parse_number<std::int32_t>(word).value_or(-1);
        std::uint64_t* const wanted = number_of(line, field);
        if (wanted == nullptr) continue;
        const auto number = parse_number<std::uint64_t>(word);
        if (!number) return std::nullopt;
        *wanted = *number;
    }
    return line;
}

}  // namespace lampyr::process
