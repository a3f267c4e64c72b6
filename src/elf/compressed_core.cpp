// SPDX-License-Identifier: MIT
#include "elf/compressed_core.hpp"

#include "elf/stream_unpacker.hpp"

#include <lampyr/text.hpp>

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <vector>

namespace lampyr::elf {
namespace {

constexpr std::size_t kPiece = 1U << 20;
constexpr std::size_t kHole = 64U << 10;  // zeros of this size take no room
constexpr std::uint64_t kMostHeaders = 16U << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 40;  // more than any core; a header may claim anything

struct Magic {
    Compression compression;
    std::array<unsigned char, 6> bytes;
    std::size_t count;
};
constexpr Magic kMagics[] = {
    {Compression::kGzip, {0x1F, 0x8B}, 2},
    {Compression::kZstd, {0x28, 0xB5, 0x2F, 0xFD}, 4},
    {Compression::kXz, {0xFD, '7', 'z', 'X', 'Z', 0}, 6},
    {Compression::kLz4, {0x04, 0x22, 0x4D, 0x18}, 4},
    {Compression::kBzip2, {'B', 'Z', 'h'}, 3},
};

Error unreadable(Compression compression, const std::string& path) {
    const bool xz = compression == Compression::kXz, lz4 = compression == Compression::kLz4;
    return {ErrorCode::kCorrupt,
            fmt::format("{} is compressed by {}, which lampyr does not unpack; it unpacks gzip and zstd",
                        terminal_safe(path),
                        xz    ? "xz"
                        : lz4 ? "lz4"
                              : "bzip2"),
            fmt::format("unpack it with {} first", xz    ? "xz -dk"
                                                   : lz4 ? "lz4 -d"
                                                         : "bunzip2 -k"),
            0};
}

Error damaged(const std::string& path, std::uint64_t done, std::string_view why) {
    return {ErrorCode::kCorrupt,
            fmt::format("{} cannot be unpacked: {} after {} bytes of the core", terminal_safe(path), why, done),
            {},
            0};
}

std::string scratch_folder() {
    const char* const wanted = std::getenv("TMPDIR");
    return wanted != nullptr && *wanted == '/' ? wanted : "/var/tmp";
}

Error no_scratch(const std::string& folder, int error) {
    return {ErrorCode::kSystem,
            fmt::format("the core cannot be unpacked in {}: {}", terminal_safe(folder),
                        std::generic_category().message(error)),
            "set TMPDIR to a folder with room for all of it", error};
}

/// A file that nobody else can open.
Result<process::UniqueFd> scratch_file(const std::string& folder) {
    process::UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
    if (file) return file;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return no_scratch(folder, errno);
    std::string name = folder + "/lampyr-core-XXXXXX";  // a file system without such files
    process::UniqueFd named(::mkostemp(name.data(), O_CLOEXEC));
    if (!named) return no_scratch(folder, errno);
    ::unlink(name.c_str());
    return named;
}

/// How far the core's headers reach into it, once enough of its beginning is there.
class CoreExtent {
  public:
    /// False: no core begins like this.
    [[nodiscard]] bool look(std::span<const std::byte> piece) {
        if (bytes_) return true;
        const std::size_t room = static_cast<std::size_t>(kMostHeaders) - head_.size();
        head_.insert(head_.end(), piece.begin(),
                     piece.begin() + static_cast<std::ptrdiff_t>(std::min(room, piece.size())));
        if (head_.size() < sizeof(Elf64_Ehdr)) return true;
        Elf64_Ehdr header;
        std::memcpy(&header, head_.data(), sizeof header);
        if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
            header.e_type != ET_CORE || header.e_phentsize != sizeof(Elf64_Phdr))
            return false;
        // With very many mappings their number is in a section header, which the kernel writes behind them.
        std::uint64_t end =
            header.e_shoff != 0 ? header.e_shoff + std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr) : 0;
        const std::uint64_t list = header.e_phnum == PN_XNUM ? 0 : std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
        if (header.e_phoff > kMostHeaders - list) return false;
        if (head_.size() < header.e_phoff + list) return true;
        for (std::size_t i = 0; i < list / sizeof(Elf64_Phdr); ++i) {
            Elf64_Phdr part;
            std::memcpy(&part, head_.data() + header.e_phoff + i * sizeof part, sizeof part);
            if (part.p_filesz > kMostBytes || part.p_offset > kMostBytes) return false;
            end = std::max(end, part.p_offset + part.p_filesz);
        }
        if (end > kMostBytes) return false;
        bytes_ = std::max<std::uint64_t>(end, header.e_phoff + list);
        head_ = {};
        return true;
    }
    [[nodiscard]] bool known() const { return bytes_.has_value(); }
    /// Until it is known, no more than headers may take.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_.value_or(kMostHeaders); }

  private:
    std::vector<std::byte> head_;
    std::optional<std::uint64_t> bytes_;
};

/// The file that is written, holes left out.
class SparseFile {
  public:
    explicit SparseFile(int fd) : fd_(fd) {}
    [[nodiscard]] std::uint64_t size() const { return size_; }

    /// An errno, or 0.
    [[nodiscard]] int write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto part = bytes.first(std::min<std::size_t>(bytes.size(), kHole - size_ % kHole));
            const bool zeros = std::all_of(part.begin(), part.end(), [](std::byte b) { return b == std::byte{}; });
            if (const int error = zeros ? 0 : write_at(part, size_); error != 0) return error;
            size_ += part.size();
            bytes = bytes.subspan(part.size());
        }
        return 0;
    }
    [[nodiscard]] int finish() const { return ::ftruncate(fd_, static_cast<off_t>(size_)) == 0 ? 0 : errno; }

  private:
    [[nodiscard]] int write_at(std::span<const std::byte> bytes, std::uint64_t at) const {
        while (!bytes.empty()) {
            const ssize_t done = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
            if (done < 0 && errno == EINTR) continue;
            if (done <= 0) return done < 0 ? errno : ENOSPC;
            bytes = bytes.subspan(static_cast<std::size_t>(done));
            at += static_cast<std::uint64_t>(done);
        }
        return 0;
    }

    int fd_;
    std::uint64_t size_ = 0;
};

}  // namespace

Compression compression_of(int fd) {
    std::array<unsigned char, 6> begin{};
    const ssize_t got = ::pread(fd, begin.data(), begin.size(), 0);
    for (const Magic& magic : kMagics)
        if (got >= static_cast<ssize_t>(magic.count) && std::memcmp(begin.data(), magic.bytes.data(), magic.count) == 0)
            return magic.compression;
    return Compression::kNone;
}

Result<process::UniqueFd> unpack_core(int fd, Compression compression, const std::string& path) {
    if (compression != Compression::kGzip && compression != Compression::kZstd) return unreadable(compression, path);
    const std::string folder = scratch_folder();
    auto file = scratch_file(folder);
    if (!file) return file.error();
    StreamUnpacker unpacker(compression == Compression::kGzip ? StreamUnpacker::Format::kGzip
                                                              : StreamUnpacker::Format::kZstd);
    SparseFile written(file->get());
    CoreExtent extent;
    std::vector<std::byte> in(kPiece), out(kPiece);
    std::span<const std::byte> rest;
    std::uint64_t read = 0;
    bool whole = false;  // at the end of a member
    while (written.size() < extent.bytes()) {
        if (rest.empty()) {
            const ssize_t got = ::pread(fd, in.data(), in.size(), static_cast<off_t>(read));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return damaged(path, written.size(), std::generic_category().message(errno));
            rest = std::span(in).first(static_cast<std::size_t>(got));
            read += rest.size();
            if (rest.empty() && whole) break;
        }
        const UnpackStep step = unpacker.step(rest, out);
        if (step.status == UnpackStatus::kNoMemory) return damaged(path, written.size(), "there is no memory");
        if (step.status == UnpackStatus::kDamaged) return damaged(path, written.size(), "it is damaged");
        if (step.taken == 0 && step.given == 0)
            return damaged(path, written.size(), rest.empty() ? "it ends" : "it is damaged");
        rest = rest.subspan(step.taken);
        whole = step.status == UnpackStatus::kEnd;
        const auto unpacked = std::span<const std::byte>(out).first(step.given);
        if (!extent.look(unpacked)) return damaged(path, written.size(), "it holds no core of a 64-bit process");
        if (written.size() >= extent.bytes()) break;
        const std::uint64_t wanted = std::min<std::uint64_t>(unpacked.size(), extent.bytes() - written.size());
        if (const int error = written.write(unpacked.first(static_cast<std::size_t>(wanted))); error != 0)
            return no_scratch(folder, error);
    }
    if (!extent.known()) return damaged(path, written.size(), "it holds no core of a 64-bit process");
    if (const int error = written.finish(); error != 0) return no_scratch(folder, error);
    return file;
}

}  // namespace lampyr::elf
