// SPDX-License-Identifier: MIT
#include "sampler/source_lines.hpp"

#include "base/clock.hpp"
#include "process/proc_file.hpp"
#include "process/target_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>

namespace lampyr::sampler {
namespace {

constexpr std::size_t kLargestFile = 8U << 20;
constexpr std::size_t kLongestLine = 2000;
constexpr std::size_t kMostFiles = 1000;

/// Whole seconds, a second earlier rather than later: the kernel counts from its start in ticks of its own.
std::chrono::system_clock::time_point started(const process::ProcessHandle& process) {
    const auto age = time_since_boot() - boot_ticks(process.start_time());
    return std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(age);
}

bool is_older(int fd, std::chrono::system_clock::time_point time) {
    struct stat file {};
    return ::fstat(fd, &file) == 0 && std::chrono::system_clock::from_time_t(file.st_mtim.tv_sec) <= time;
}

std::string contents(int fd) {
    std::string text(kLargestFile, '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t part = ::pread(fd, text.data() + got, text.size() - got, static_cast<off_t>(got));
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) break;
        got += static_cast<std::size_t>(part);
    }
    text.resize(got);
    text.shrink_to_fit();
    return text;
}

}  // namespace

std::string SourceLines::read(const std::string& path) const {
    const auto file = process::open_readable_file(process_, path);
    return file && is_older(file->get(), started(process_)) ? contents(file->get()) : std::string();
}

std::optional<std::string> SourceLines::line(const std::string& path, std::uint32_t number) {
    auto known = files_.find(path);
    if (known == files_.end()) {
        if (files_.size() >= kMostFiles) return std::nullopt;
        known = files_.emplace(path, read(path)).first;
    }
    std::string_view rest = known->second;
    for (std::uint32_t i = 1; i < number; ++i) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end + 1);
    }
    if (rest.empty()) return std::nullopt;
    std::string_view found = rest.substr(0, rest.find('\n'));
    if (found.ends_with('\r')) found.remove_suffix(1);
    if (found.size() > kLongestLine) return std::nullopt;
    return std::string(found);
}

}  // namespace lampyr::sampler
