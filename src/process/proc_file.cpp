// SPDX-License-Identifier: MIT
#include "process/proc_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace lampyr::process {

ProcPath::ProcPath(Pid pid, std::string_view leaf) {
    fmt::format_to_n(text_.data(), text_.size() - 1, "/proc/{}/{}", pid.value, leaf);
}

ProcPath::ProcPath(Pid pid, Tid tid, std::string_view leaf) {
    fmt::format_to_n(text_.data(), text_.size() - 1, "/proc/{}/task/{}/{}", pid.value, tid.value, leaf);
}

ProcPath ProcPath::relative(Tid tid, std::string_view leaf) {
    ProcPath path;
    fmt::format_to_n(path.text_.data(), path.text_.size() - 1, "task/{}/{}", tid.value, leaf);
    return path;
}

int read_file_at(int directory, const char* path, std::size_t limit, std::string& out) {
    out.clear();
    const UniqueFd fd(::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return errno;
    std::size_t filled = 0;
    while (filled < limit) {
        if (out.size() == filled) out.resize(std::min(limit, std::max<std::size_t>(4096, 2 * filled)));
        const ssize_t got = ::read(fd.get(), out.data() + filled, out.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const int error = errno;
            out.clear();
            return error;
        }
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    out.resize(filled);
    return 0;
}

int read_file(const char* path, std::size_t limit, std::string& out) {
    return read_file_at(AT_FDCWD, path, limit, out);
}

std::optional<std::string_view> read_start(int fd, std::span<char> buffer) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
    if (got < 0) return std::nullopt;
    return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

std::optional<std::string> read_link_at(int directory, const char* path) {
    // A link below /proc reports size 0, and names may be longer than PATH_MAX when nested: grow until it fits.
    for (std::string text(512, '\0'); text.size() <= 65536; text.resize(2 * text.size())) {
        const ssize_t got = ::readlinkat(directory, path, text.data(), text.size());
        if (got < 0) return std::nullopt;
        if (static_cast<std::size_t>(got) < text.size()) {
            text.resize(static_cast<std::size_t>(got));
            return text;
        }
    }
    return std::nullopt;
}

Error os_error(ErrorCode code, std::string_view what, int os_errno) {
    return Error{code, fmt::format("{}: {}", what, std::generic_category().message(os_errno)), {}, os_errno};
}

}  // namespace lampyr::process
