// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::native {

/// What a program that makes machine code says of it: /tmp/perf-PID.map, as the target sees it, with the PID that it has for itself
/// (Linux: tools/perf/Documentation/jit-interface.txt). Lines "START SIZE NAME" in hexadecimal; later ones replace earlier.
class PerfMap {
  public:
    explicit PerfMap(const process::ProcessHandle& process) : process_(process) {}

    /// The name of the code at an address; empty when nobody has named it. Looks into the file again when it has grown, at
    /// most ten times a second.
    [[nodiscard]] std::string_view find(std::uint64_t address);

    /// The lines of a file; what is no such line is passed over.
    void parse(std::string_view text);

  private:
    struct Entry {
        std::uint64_t start = 0;
        std::uint64_t size = 0;
        std::string name;
    };
    void refresh();
    [[nodiscard]] std::string_view look_up(std::uint64_t address) const;

    const process::ProcessHandle& process_;
    std::vector<Entry> entries_;  // in ascending order
    std::chrono::steady_clock::time_point looked_{};
    std::int64_t size_ = 0;  // of the file
};

}  // namespace lampyr::native
