// SPDX-License-Identifier: MIT
#pragma once

#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lampyr::process {

/// "/proc/PID/leaf" or "/proc/PID/task/TID/leaf", built without allocating. `leaf` is one of our own short names.
class ProcPath {
  public:
    ProcPath(Pid pid, std::string_view leaf);
    ProcPath(Pid pid, Tid tid, std::string_view leaf);
    /// "task/TID/leaf", relative to a directory descriptor on /proc/PID.
    [[nodiscard]] static ProcPath relative(Tid tid, std::string_view leaf);

    [[nodiscard]] const char* c_str() const { return text_.data(); }

  private:
    ProcPath() = default;
    std::array<char, 96> text_{};
};

/// Replaces `out` by at most `limit` bytes of the file from its start. Returns 0 or an errno. Files below /proc have no
/// size, so it reads to the end.
[[nodiscard]] int read_file_at(int directory, const char* path, std::size_t limit, std::string& out);
[[nodiscard]] int read_file(const char* path, std::size_t limit, std::string& out);

/// One read from the start of an open file into `buffer`; the bytes as text, or nothing when the kernel refuses.
[[nodiscard]] std::optional<std::string_view> read_start(int fd, std::span<char> buffer);

/// The target of a symbolic link (of any length up to 64 KiB), or nothing.
[[nodiscard]] std::optional<std::string> read_link_at(int directory, const char* path);

/// "what: No such file or directory" with the error number kept.
[[nodiscard]] Error os_error(ErrorCode code, std::string_view what, int os_errno);

/// All of `text` as a number in `base`, or nothing.
template <typename Int>
[[nodiscard]] std::optional<Int> parse_number(std::string_view text, int base = 10) {
    Int value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

/// Calls `visit(number)` for every entry of an open directory whose name is a positive number, such as /proc/PID/task,
/// until `visit` returns false. Allocates nothing, unlike readdir. Returns 0 or an errno; a directory of a vanished
/// process is ENOENT or simply empty.
template <typename Visit>
[[nodiscard]] int for_each_number(int directory, Visit&& visit) {
    if (::lseek(directory, 0, SEEK_SET) != 0) return errno;
    alignas(dirent64) std::array<char, 4096> buffer;
    for (;;) {
        const long got = ::syscall(SYS_getdents64, directory, buffer.data(), buffer.size());
        if (got < 0) return errno;
        if (got == 0) return 0;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            // struct linux_dirent64 (getdents64(2)): u64 ino, s64 off, u16 reclen, u8 type, name.
            std::uint16_t record = 0;
            std::memcpy(&record, buffer.data() + at + 16, sizeof record);
            const auto number = parse_number<std::int32_t>(buffer.data() + at + 19);
            if (number && *number > 0 && !visit(*number)) return 0;
            at += record;
        }
    }
}

}  // namespace lampyr::process
