// SPDX-License-Identifier: MIT
#include "process_files.hpp"

#include "figures.hpp"
#include "output_file.hpp"

#include <lampyr/text.hpp>
#include <lampyr/transform.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {
namespace {

constexpr std::string_view kPlace = "{pid}";
constexpr std::size_t kMostNamed = 3;

Result<ProcessFile> write_one(const Profile& profile, Pid pid, Format format, const ExportOptions& options,
                              std::string_view pattern) {
    const Profile part = profile_of_process(profile, pid);
    Result<OutputFile> file = OutputFile::open(fill_pattern(pattern, std::to_string(pid.value)), is_binary(format));
    if (!file) return file.error();
    const Result<void> exported = write_profile(part, format, options, *file);
    if (!exported && exported.error().code != ErrorCode::kOutput) return exported.error();
    const Result<std::uint64_t> bytes = file->commit();  // knows the errno of a failed write
    if (!bytes) return bytes.error();
    return ProcessFile{pid, file->path(), *bytes, part.info.stacks};
}

}  // namespace

bool is_per_process(std::string_view path) { return path.find(kPlace) != path.npos; }

Result<void> check_pattern(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos || !is_per_process(path.substr(0, slash))) return {};
    return Error{ErrorCode::kUsage, "{pid} can stand in the name of a file, not in that of a directory",
                 "such as -o 'profiles/{pid}.svg'", 0};
}

std::string fill_pattern(std::string_view pattern, std::string_view word) {
    std::string name(pattern);
    for (std::size_t at = name.find(kPlace); at != name.npos; at = name.find(kPlace, at + word.size()))
        name.replace(at, kPlace.size(), word);
    return name;
}

Result<std::vector<ProcessFile>> write_process_files(const Profile& profile, Format format,
                                                     const ExportOptions& options, std::string_view pattern) {
    std::vector<Pid> pids;  // an execve makes a second row of one process
    for (const Process& process : profile.processes)
        if (std::find(pids.begin(), pids.end(), process.pid) == pids.end()) pids.push_back(process.pid);
    std::vector<ProcessFile> files;
    for (const Pid pid : pids) {
        Result<ProcessFile> file = write_one(profile, pid, format, options, pattern);
        if (!file) {
            Error error = file.error();
            error.message += fmt::format("; {} of {} are written", files.size(), plural(pids.size(), "file"));
            return error;
        }
        files.push_back(std::move(*file));
    }
    std::stable_sort(files.begin(), files.end(),
                     [](const ProcessFile& a, const ProcessFile& b) { return a.samples > b.samples; });
    return files;
}

std::string name_files(const std::vector<ProcessFile>& files) {
    std::string text;
    for (std::size_t i = 0; i < std::min(files.size(), kMostNamed); ++i)
        text += (text.empty() ? "" : ", ") + terminal_safe(files[i].path);
    if (files.size() > kMostNamed) text += fmt::format(" and {} more", files.size() - kMostNamed);
    return text;
}

std::uint64_t bytes_of(const std::vector<ProcessFile>& files) {
    std::uint64_t bytes = 0;
    for (const ProcessFile& file : files) bytes += file.bytes;
    return bytes;
}

}  // namespace lampyr::tool
