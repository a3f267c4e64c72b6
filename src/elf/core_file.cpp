// SPDX-License-Identifier: MIT
#include "elf/core_file.hpp"

#include "elf/compressed_core.hpp"

#include <lampyr/text.hpp>

#include <asm/unistd.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

namespace lampyr::elf {
namespace {

constexpr std::size_t kMaxSegments = 1U << 17;  // the kernel's own limit of mappings is half of it
constexpr std::uint64_t kMaxNoteBytes = 256U << 20;
constexpr std::size_t kMaxThreads = 1U << 17;
constexpr std::size_t kMaxFiles = 1U << 17;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxOpenFiles = 500;
constexpr std::uint64_t kEntryPoint = AT_ENTRY;

Error corrupt(const std::string& path, std::string_view why) {
    return {ErrorCode::kCorrupt, fmt::format("{} is not a usable core file: {}", terminal_safe(path), why),
            "give a core of a 64-bit x86 process, as the kernel or gcore writes it", 0};
}

std::size_t read_at(int fd, std::uint64_t offset, std::span<std::byte> out) {
    std::size_t done = 0;
    if (offset > static_cast<std::uint64_t>(INT64_MAX) - out.size()) return 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

template <typename T>
std::optional<T> value_at(std::span<const std::byte> bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct ElfCloser {
    void operator()(Elf* elf) const { elf_end(elf); }
};

struct MappedFile {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t offset = 0;
    std::string path;
};

/// NT_FILE: count, page size, then start, end and offset in pages of each, then the names.
std::vector<MappedFile> parse_files(std::span<const std::byte> note) {
    const auto count = value_at<std::uint64_t>(note, 0);
    const auto page = value_at<std::uint64_t>(note, 8);
    if (!count || !page || *count > kMaxFiles || *page > (1U << 20)) return {};
    std::vector<MappedFile> files;
    std::size_t name = 16 + static_cast<std::size_t>(*count) * 24;
    for (std::size_t i = 0; i < *count; ++i) {
        const auto start = value_at<std::uint64_t>(note, 16 + i * 24);
        const auto end = value_at<std::uint64_t>(note, 16 + i * 24 + 8);
        const auto offset = value_at<std::uint64_t>(note, 16 + i * 24 + 16);
        if (!start || !end || !offset || name >= note.size()) break;
        const char* const text = reinterpret_cast<const char*>(note.data() + name);
        const std::size_t length = ::strnlen(text, note.size() - name);
        if (length <= kMaxPath) files.push_back({*start, *end, *offset * *page, std::string(text, length)});
        name += length + 1;
    }
    return files;
}

}  // namespace

struct CoreFile::Notes {
    std::vector<std::int32_t> threads;
    std::map<std::int32_t, std::uint64_t> futexes;
    std::vector<MappedFile> files;
    std::int32_t pid = 0;
    std::string arguments;
    std::uint64_t entry = 0;

    void take(std::uint32_t type, std::span<const std::byte> note) {
        if (type == NT_PRSTATUS && threads.size() < kMaxThreads) {
            const auto tid = value_at<std::int32_t>(note, offsetof(prstatus_t, pr_pid));
            if (!tid || *tid <= 0) return;
            threads.push_back(*tid);
            const std::size_t registers = offsetof(prstatus_t, pr_reg);
            const auto call = value_at<std::int64_t>(note, registers + offsetof(user_regs_struct, orig_rax));
            const auto first = value_at<std::uint64_t>(note, registers + offsetof(user_regs_struct, rdi));
            // The second: a wait that was interrupted before, as by a debugger.
            if ((call == __NR_futex || call == __NR_restart_syscall) && first) futexes.emplace(*tid, *first);
        } else if (type == NT_PRPSINFO) {
            pid = value_at<std::int32_t>(note, offsetof(prpsinfo_t, pr_pid)).value_or(0);
            const std::size_t at = offsetof(prpsinfo_t, pr_psargs);
            if (note.size() <= at) return;
            const char* const text = reinterpret_cast<const char*>(note.data() + at);
            arguments.assign(text, ::strnlen(text, std::min<std::size_t>(note.size() - at, ELF_PRARGSZ)));
            while (arguments.ends_with(' ')) arguments.pop_back();
        } else if (type == NT_FILE) {
            files = parse_files(note);
        } else if (type == NT_AUXV) {
            for (std::size_t at = 0; at + 16 <= note.size(); at += 16)
                if (*value_at<std::uint64_t>(note, at) == kEntryPoint) entry = *value_at<std::uint64_t>(note, at + 8);
        }
    }
};

CoreFile::~CoreFile() {
    if (fd_ >= 0) ::close(fd_);
    for (const auto& [path, fd] : files_)
        if (fd >= 0) ::close(fd);
}

Result<std::unique_ptr<CoreFile>> CoreFile::open(const std::string& path) {
    std::unique_ptr<CoreFile> core(new CoreFile);
    core->fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat file {};
    if (core->fd_ < 0 || ::fstat(core->fd_, &file) != 0)
        return Error{ErrorCode::kSystem,
                     fmt::format("cannot open {}: {}", terminal_safe(path), std::generic_category().message(errno)),
                     {},
                     errno};
    if (!S_ISREG(file.st_mode)) return corrupt(path, "it is no regular file");
    if (const Compression compression = compression_of(core->fd_); compression != Compression::kNone) {
        auto unpacked = unpack_core(core->fd_, compression, path);
        if (!unpacked) return unpacked.error();
        ::close(core->fd_);
        core->fd_ = unpacked->release();
    }
    if (const auto read = core->read_headers(); !read) return corrupt(path, read.error().message);
    return core;
}

Result<void> CoreFile::read_headers() {
    const auto wrong = [](const char* why) { return Error{ErrorCode::kCorrupt, why, {}, 0}; };
    static_cast<void>(elf_version(EV_CURRENT));
    const std::unique_ptr<Elf, ElfCloser> elf(elf_begin(fd_, ELF_C_READ, nullptr));
    GElf_Ehdr header;
    if (!elf || elf_kind(elf.get()) != ELF_K_ELF || gelf_getehdr(elf.get(), &header) == nullptr)
        return wrong("it is no ELF file");
    if (header.e_type != ET_CORE) return wrong("it is an ELF file of another kind");
    if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64)
        return wrong("it is of another processor");
    std::size_t count = 0;
    if (elf_getphdrnum(elf.get(), &count) != 0 || count == 0) return wrong("it lists no memory");
    Notes notes;
    for (std::size_t i = 0; i < std::min(count, kMaxSegments); ++i) {
        GElf_Phdr part;
        if (gelf_getphdr(elf.get(), static_cast<int>(i), &part) == nullptr) break;
        if (part.p_type == PT_NOTE && part.p_filesz <= kMaxNoteBytes && part.p_offset <= INT64_MAX) {
            Elf_Data* data = elf_getdata_rawchunk(elf.get(), static_cast<std::int64_t>(part.p_offset),
                                                  static_cast<std::size_t>(part.p_filesz), ELF_T_NHDR);
            if (data == nullptr || data->d_buf == nullptr) continue;
            const std::span all(static_cast<const std::byte*>(data->d_buf), data->d_size);
            GElf_Nhdr note;
            std::size_t name = 0, content = 0;
            for (std::size_t at = 0; (at = gelf_getnote(data, at, &note, &name, &content)) > 0;)
                if (content <= all.size() && note.n_descsz <= all.size() - content)
                    notes.take(note.n_type, all.subspan(content, note.n_descsz));
        } else if (part.p_type == PT_LOAD && part.p_memsz != 0 && part.p_vaddr + part.p_memsz > part.p_vaddr) {
            segments_.push_back({part.p_vaddr, part.p_vaddr + part.p_memsz, part.p_offset,
                                 std::min(part.p_filesz, part.p_memsz), (part.p_flags & PF_R) != 0,
                                 (part.p_flags & PF_W) != 0, (part.p_flags & PF_X) != 0});
        }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const CoreSegment& a, const CoreSegment& b) { return a.start < b.start; });
    for (std::size_t i = 1; i < segments_.size(); ++i)
        if (segments_[i].start < segments_[i - 1].end) return wrong("its mappings overlap");
    if (segments_.empty()) return wrong("it holds no memory");
    take(std::move(notes));
    return {};
}

/// The first segment that ends behind the address.
std::vector<CoreSegment>::iterator CoreFile::segment_behind(std::uint64_t address) {
    return std::upper_bound(segments_.begin(), segments_.end(), address,
                            [](std::uint64_t a, const CoreSegment& b) { return a < b.end; });
}

void CoreFile::take(Notes&& notes) {
    threads_ = std::move(notes.threads);
    futexes_ = std::move(notes.futexes);
    pid_ = notes.pid;
    command_line_ = std::move(notes.arguments);
    std::size_t looked_at = 0;          // files may claim to be mapped over each other
    std::vector<CoreSegment> left_out;  // gcore lists only memory that it writes
    for (const MappedFile& file : notes.files) {
        auto segment = segment_behind(file.start);
        if (file.start < file.end && (segment == segments_.end() || segment->start >= file.end))
            left_out.push_back({.start = file.start,
                                .end = file.end,
                                .core_offset = 0,
                                .core_bytes = 0,
                                .readable = true,
                                .writable = false,
                                .executable = true,
                                .file_offset = file.offset,
                                .path = file.path});
        for (; segment != segments_.end() && segment->start < file.end && looked_at < kMaxSegments * 4; ++segment) {
            ++looked_at;
            if (segment->start < file.start) continue;
            segment->file_offset = file.offset + (segment->start - file.start);
            segment->path = file.path;
        }
    }
    add_left_out(std::move(left_out));
    if (const auto program = segment_behind(notes.entry); program != segments_.end() && program->start <= notes.entry)
        executable_ = program->path;
}

void CoreFile::add_left_out(std::vector<CoreSegment>&& left_out) {
    const auto by_start = [](const CoreSegment& a, const CoreSegment& b) { return a.start < b.start; };
    std::sort(left_out.begin(), left_out.end(), by_start);
    std::uint64_t free_from = 0;
    for (CoreSegment& segment : left_out) {
        if (segment.start < free_from) continue;  // the note contradicts itself
        free_from = segment.end;
        segments_.push_back(std::move(segment));
    }
    std::sort(segments_.begin(), segments_.end(), by_start);
}

std::optional<std::uint64_t> CoreFile::futex(std::int32_t thread) const {
    const auto found = futexes_.find(thread);
    return found != futexes_.end() ? std::optional(found->second) : std::nullopt;
}

std::size_t CoreFile::read_segments(std::span<const process::RemoteSegment> segments, std::span<std::byte> out) const {
    std::size_t done = 0;
    for (const process::RemoteSegment& segment : segments) {
        const std::size_t size = std::min<std::size_t>(segment.size, out.size() - done);
        const std::size_t got = copy(segment.address, out.subspan(done, size));
        done += got;
        if (got < segment.size) break;
    }
    return done;
}

std::size_t CoreFile::copy(std::uint64_t address, std::span<std::byte> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const std::uint64_t from = address + done;
        auto segment = std::upper_bound(segments_.begin(), segments_.end(), from,
                                        [](std::uint64_t a, const CoreSegment& b) { return a < b.start; });
        if (from < address || segment == segments_.begin()) break;
        --segment;
        if (from >= segment->end) break;
        const std::uint64_t within = from - segment->start;
        const auto part = out.subspan(done, std::min<std::size_t>(out.size() - done, segment->end - from));
        std::size_t got = 0;
        if (within < segment->core_bytes)
            got = read_at(fd_, segment->core_offset + within,
                          part.first(std::min<std::size_t>(part.size(), segment->core_bytes - within)));
        else
            got = copy_from_file(*segment, within, part);
        done += got;
        if (got == 0) break;
    }
    return done;
}

std::size_t CoreFile::copy_from_file(const CoreSegment& segment, std::uint64_t within, std::span<std::byte> out) const {
    if (segment.path.empty() || segment.writable) return 0;  // what was written since is not in the file
    const int fd = mapped_file(segment.path);
    return fd < 0 ? 0 : read_at(fd, segment.file_offset + within, out);
}

/// The file of this name, if it is one that can have been mapped. The name is the core's, which may be anybody's: only ELF
/// files that begin with the very bytes that the core holds of it are read.
int CoreFile::mapped_file(const std::string& path) const {
    if (const auto known = files_.find(path); known != files_.end()) return known->second;
    if (files_.size() >= kMaxOpenFiles) return -1;
    int fd = path.starts_with('/') ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    struct stat file {};
    if (fd >= 0 && (::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || !begins_as_mapped(fd, path))) {
        ::close(fd);
        fd = -1;
    }
    files_.emplace(path, fd);
    return fd;
}

bool CoreFile::begins_as_mapped(int fd, const std::string& path) const {
    std::array<std::byte, 1024> there{}, here{};  // holds the build id where there is one
    if (read_at(fd, 0, there) != there.size() || std::memcmp(there.data(), ELFMAG, SELFMAG) != 0) return false;
    for (const CoreSegment& segment : segments_)
        if (segment.path == path && segment.file_offset == 0 && segment.core_bytes >= here.size())
            return read_at(fd_, segment.core_offset, here) == here.size() && here == there;
    return false;
}

}  // namespace lampyr::elf
