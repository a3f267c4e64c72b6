// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lampyr::process {

/// The fields of /proc/PID/stat and /proc/PID/task/TID/stat that are used here (proc_pid_stat(5)). `comm` points into
/// the parsed text. A thread chooses its own name, which may hold ')' and newlines: only the last ')' ends it.
struct StatLine {
    std::string_view comm;
    char state = '?';
    std::int32_t parent = 0;
    std::uint64_t flags = 0;        ///< PF_*, e.g. PF_KTHREAD 0x00200000
    std::uint64_t user_time = 0;    ///< field 14, clock ticks, of all threads in the process's own file
    std::uint64_t system_time = 0;  ///< field 15
    std::uint64_t start_time = 0;   ///< field 22, clock ticks after boot
    std::uint64_t rss_pages = 0;    ///< field 24
    std::uint64_t start_code = 0;   ///< field 26; 0 or 1 without permission
    std::uint64_t start_stack = 0;  ///< field 28; 0 without permission
    std::int32_t processor = -1;    ///< field 39, that it ran on last; -1: not in the text

    [[nodiscard]] bool is_dead() const { return state == 'Z' || state == 'X' || state == 'x'; }
    [[nodiscard]] bool is_kernel_thread() const { return (flags & 0x00200000) != 0; }
};

/// Nothing unless every field up to 28 that is used is present and numeric.
[[nodiscard]] std::optional<StatLine> parse_stat(std::string_view text);

}  // namespace lampyr::process
