// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lampyr::process {

/// Bytes read of a /proc/PID/status; real ones are under 2 KiB (Cpus_allowed of big machines adds some).
inline constexpr std::size_t kStatusLimit = 65536;

/// The "Key:\tvalue" lines of a /proc/PID/status text (proc_pid_status(5)). A view: the text must outlive it. The
/// kernel escapes newlines in the Name line, so a thread's name cannot forge a key.
class StatusFile {
  public:
    explicit StatusFile(std::string_view text) : text_(text) {}

    /// The value without surrounding blanks.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view key) const;
    [[nodiscard]] std::optional<std::uint64_t> hex(std::string_view key) const;
    /// Blank-separated numbers, as in Uid and NSpid; stops at the first that is none.
    [[nodiscard]] std::vector<std::uint32_t> ids(std::string_view key) const;

  private:
    std::string_view text_;
};

}  // namespace lampyr::process
