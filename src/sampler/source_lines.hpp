// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace lampyr::sampler {

/// Lines of source files as the target sees them. A file is read once, to a limit; one that was changed after the process
/// started is not what runs there, and has no lines.
class SourceLines {
  public:
    explicit SourceLines(const process::ProcessHandle& process) : process_(process) {}

    /// Line `number` (from 1) without its end, as it is in the file. Nothing when it cannot be told.
    [[nodiscard]] std::optional<std::string> line(const std::string& path, std::uint32_t number);

  private:
    [[nodiscard]] std::string read(const std::string& path) const;

    const process::ProcessHandle& process_;
    std::map<std::string, std::string> files_;  // contents by path; empty: none
};

}  // namespace lampyr::sampler
