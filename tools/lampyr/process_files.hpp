// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::tool {

/// A name with `{pid}` in it asks for one file a process.
[[nodiscard]] bool is_per_process(std::string_view path);
/// kUsage when `{pid}` stands where it cannot: in a directory's name.
[[nodiscard]] Result<void> check_pattern(std::string_view path);
/// The name with `word` for each `{pid}`.
[[nodiscard]] std::string fill_pattern(std::string_view pattern, std::string_view word);

struct ProcessFile {
    Pid pid;
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t samples = 0;
};

/// Writes each process's part of the profile under its own name; those with most samples come first in the answer.
/// After a failure the files written until then are there, and the error says how many.
[[nodiscard]] Result<std::vector<ProcessFile>> write_process_files(const Profile& profile, Format format,
                                                                   const ExportOptions& options,
                                                                   std::string_view pattern);

/// "profile-12.svg, profile-14.svg and 7 more"; safe for a terminal.
[[nodiscard]] std::string name_files(const std::vector<ProcessFile>& files);
[[nodiscard]] std::uint64_t bytes_of(const std::vector<ProcessFile>& files);

}  // namespace lampyr::tool
