// SPDX-License-Identifier: MIT
#include "import/file_bytes.hpp"

#include "base/escape.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace lampyr::importer {

namespace {

class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return value_; }

  private:
    int value_;
};

Error cannot_read(const std::string& path, int number) {
    const std::string why = number == ENOENT   ? "no such file"
                            : number == EACCES ? "permission denied"
                            : number == EISDIR ? "it is a directory"
                                               : std::generic_category().message(number);
    const std::string name = path == "-" ? "standard input" : base::terminal_text(path);
    return Error{ErrorCode::kSystem, fmt::format("cannot read \"{}\": {}", name, why), "", number};
}

}  // namespace

Result<void> read_bytes(const std::string& path, std::uint64_t most, std::string& bytes) {
    const Descriptor file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                      : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.get() < 0) return cannot_read(path, errno);
    struct stat found {};
    bytes.clear();
    if (::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode) && static_cast<std::uint64_t>(found.st_size) <= most)
        bytes.reserve(static_cast<std::size_t>(found.st_size) + 1);
    for (;;) {
        constexpr std::size_t kPiece = 256 * 1024;
        const std::size_t before = bytes.size();
        const std::size_t room = std::max(bytes.capacity() - before, kPiece);
        bytes.resize(before + std::min(room, kPiece));
        const ssize_t got = ::read(file.get(), bytes.data() + before, bytes.size() - before);
        if (got < 0 && errno != EINTR) return cannot_read(path, errno);
        bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0) return {};
        if (bytes.size() > most)
            return Error{ErrorCode::kCorrupt,
                         fmt::format("\"{}\" is larger than {} bytes", base::terminal_text(path), most), "", 0};
    }
}

}  // namespace lampyr::importer
