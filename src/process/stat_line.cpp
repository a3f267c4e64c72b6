// SPDX-License-Identifier: MIT
#include "process/stat_line.hpp"

#include "process/proc_file.hpp"

namespace lampyr::process {

std::optional<StatLine> parse_stat(std::string_view text) {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == text.npos || close == text.npos || close < open) return std::nullopt;
    StatLine line;
    line.comm = text.substr(open + 1, close - open - 1);
    std::string_view rest = text.substr(close + 1);

    for (int field = 3; field <= 28; ++field) {
        if (rest.empty() || rest.front() != ' ') return std::nullopt;
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
        if (field != 9 && field != 22 && field != 26 && field != 28) continue;
        const auto number = parse_number<std::uint64_t>(word);
        if (!number) return std::nullopt;
        (field == 9    ? line.flags
         : field == 22 ? line.start_time
         : field == 26 ? line.start_code
                       : line.start_stack) = *number;
    }
    return line;
}

}  // namespace lampyr::process
