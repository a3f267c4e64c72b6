// SPDX-License-Identifier: MIT
#include "top/program_output.hpp"

#include "terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace lampyr::tool {
namespace {

/// A file that has no name, so that nothing is left of it whatever happens.
int unnamed_file() {
    const char* const folder = std::getenv("TMPDIR");
    const int file = ::open(folder != nullptr ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC | O_APPEND, 0600);
    if (file >= 0) return file;
    std::string name = std::string(folder != nullptr ? folder : "/tmp") + "/lampyr-XXXXXX";
    const int named = ::mkostemp(name.data(), O_CLOEXEC | O_APPEND);  // a file system without O_TMPFILE
    if (named >= 0) ::unlink(name.c_str());
    return named;
}

}  // namespace

ProgramOutput::~ProgramOutput() {
    if (empty_ >= 0) ::close(empty_);
    for (const Kept& kept : kept_)
        if (kept.file >= 0) ::close(kept.file);
}

Result<ProgramStreams> ProgramOutput::keep() {
    ProgramStreams streams;
    if (is_terminal(STDIN_FILENO)) {
        empty_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        streams.in = empty_;
    }
    for (const int number : {STDOUT_FILENO, STDERR_FILENO}) {
        if (!is_terminal(number)) continue;
        Kept& kept = kept_[static_cast<std::size_t>(number - 1)];
        kept.file = unnamed_file();
        if (kept.file < 0)
            return Error{ErrorCode::kSystem, "cannot make a file for what the program prints",
                         "set TMPDIR to a directory that can be written", errno};
        (number == STDOUT_FILENO ? streams.out : streams.err) = kept.file;
    }
    return streams;
}

void ProgramOutput::pass_on() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        Kept& kept = kept_[i];
        if (kept.file < 0) continue;
        std::array<char, 65536> buffer;
        for (;;) {
            const ssize_t got = ::pread(kept.file, buffer.data(), buffer.size(), kept.passed);
            if (got <= 0) break;
            kept.passed += got;
            const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
            if (!write_all(static_cast<int>(i) + 1, bytes)) break;
        }
    }
}

}  // namespace lampyr::tool
