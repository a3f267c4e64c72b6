// SPDX-License-Identifier: MIT
#include "native/perf_map.hpp"

#include "process/proc_file.hpp"
#include "process/status_file.hpp"
#include "process/target_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace lampyr::native {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::int64_t kMostBytes = 64 << 20;
constexpr std::size_t kLongestName = 1024;

/// The PID that the process has in its own namespace, which is the last that the kernel lists.
std::int64_t own_pid(const process::ProcessHandle& process) {
    std::string status;
    if (process::read_file_at(process.proc_dir(), "status", process::kStatusLimit, status) != 0) return 0;
    const auto ids = process::StatusFile(status).ids("NSpid");
    return ids.empty() ? process.pid().value : static_cast<std::int64_t>(ids.back());
}

/// The first word of `line` as a number in hexadecimal, taken from it.
std::optional<std::uint64_t> take_number(std::string_view& line) {
    const std::size_t end = line.find(' ');
    if (end == line.npos) return std::nullopt;
    std::string_view word = line.substr(0, end);
    if (word.starts_with("0x")) word.remove_prefix(2);
    const auto value = process::parse_number<std::uint64_t>(word, 16);
    line.remove_prefix(end + 1);
    return value;
}

}  // namespace

void PerfMap::parse(std::string_view text) {
    entries_.clear();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto start = take_number(line);
        const auto size = start ? take_number(line) : std::nullopt;
        if (size && *size != 0 && !line.empty())
            entries_.push_back({*start, *size, std::string(line.substr(0, kLongestName))});
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.start < b.start; });
}

std::string_view PerfMap::look_up(std::uint64_t address) const {
    const auto behind = std::upper_bound(entries_.begin(), entries_.end(), address,
                                         [](std::uint64_t wanted, const Entry& entry) { return wanted < entry.start; });
    if (behind == entries_.begin()) return {};
    const Entry& entry = *std::prev(behind);
    return address - entry.start < entry.size ? std::string_view(entry.name) : std::string_view();
}

void PerfMap::refresh() {
    looked_ = std::chrono::steady_clock::now();
    const auto file = process::open_readable_file(process_, fmt::format("/tmp/perf-{}.map", own_pid(process_)));
    struct stat what {};
    if (!file || ::fstat(file->get(), &what) != 0 || what.st_size == size_) return;
    size_ = what.st_size;
    std::string text(static_cast<std::size_t>(std::clamp<std::int64_t>(what.st_size, 0, kMostBytes)), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t more = ::pread(file->get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
        if (more <= 0) break;
        got += static_cast<std::size_t>(more);
    }
    parse(std::string_view(text).substr(0, got));
}

std::string_view PerfMap::find(std::uint64_t address) {
    const std::string_view known = look_up(address);
    if (!known.empty() || std::chrono::steady_clock::now() - looked_ < kLookEvery) return known;
    refresh();
    return look_up(address);
}

}  // namespace lampyr::native
