// SPDX-License-Identifier: MIT
#include "process/process_usage.hpp"

#include "base/clock.hpp"
#include "process/proc_file.hpp"
#include "process/stat_line.hpp"

#include <unistd.h>

namespace lampyr::process {

Usage read_usage(const ProcessHandle& process) {
    Usage usage;
    std::array<char, 4096> buffer;
    const UniqueFd file(::openat(process.proc_dir(), "stat", O_RDONLY | O_CLOEXEC));
    if (!file) return usage;
    const auto text = read_start(file.get(), buffer);
    const auto stat = text ? parse_stat(*text) : std::nullopt;
    if (!stat) return usage;
    usage.cpu = boot_ticks(stat->user_time + stat->system_time);
    usage.rss_bytes = stat->rss_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return usage;
}

}  // namespace lampyr::process
