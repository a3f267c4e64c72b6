// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <lampyr/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::elf {

/// A mapping of the process whose core it is, with the part of it that the core holds.
struct CoreSegment {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t core_offset = 0;  ///< where its bytes are in the core file
    std::uint64_t core_bytes = 0;   ///< so many are there
    bool readable = false;
    bool writable = false;
    bool executable = false;
    std::uint64_t file_offset = 0;  ///< in the mapped file
    std::string path{};             ///< of the mapped file; empty: none; hostile
};

/// A 64-bit little-endian core file as the kernel or gcore writes it: memory, mapped files, threads. What the core does not
/// hold of a mapped file is read from the file of that name here, if it is an ELF file that begins as the core says.
/// Nothing in it is trusted: headers and notes are read through libelf, counts and sizes are capped, and a range outside
/// the file is a range that cannot be read. One that gzip or zstd has compressed is unpacked into a file without a name first.
class CoreFile final : public process::RemoteMemory {
  public:
    /// kSystem: cannot be opened; kCorrupt: no such core file.
    [[nodiscard]] static Result<std::unique_ptr<CoreFile>> open(const std::string& path);
    ~CoreFile() override;

    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> segments,
                                            std::span<std::byte> out) const override;

    /// In ascending order, not overlapping.
    [[nodiscard]] std::span<const CoreSegment> segments() const { return segments_; }
    /// Kernel ids in the process's own namespace; the first is the thread that the kernel wrote the core for.
    [[nodiscard]] std::span<const std::int32_t> threads() const { return threads_; }
    /// The address of the futex on which the thread slept, by its registers; nothing when it did not. Of some other
    /// calls that were interrupted it is another address of the program.
    [[nodiscard]] std::optional<std::uint64_t> futex(std::int32_t thread) const;
    [[nodiscard]] std::int32_t pid() const { return pid_; }
    /// Arguments joined by blanks; the kernel keeps the first 79 bytes.
    [[nodiscard]] const std::string& command_line() const { return command_line_; }
    /// Path of the program, empty when it cannot be told.
    [[nodiscard]] const std::string& executable() const { return executable_; }

  private:
    struct Notes;
    CoreFile() = default;
    [[nodiscard]] Result<void> read_headers();
    void take(Notes&& notes);
    [[nodiscard]] std::vector<CoreSegment>::iterator segment_behind(std::uint64_t address);
    void add_left_out(std::vector<CoreSegment>&& left_out);
    [[nodiscard]] std::size_t copy(std::uint64_t address, std::span<std::byte> out) const;
    [[nodiscard]] std::size_t copy_from_file(const CoreSegment& segment, std::uint64_t within,
                                             std::span<std::byte> out) const;
    [[nodiscard]] int mapped_file(const std::string& path) const;
    [[nodiscard]] bool begins_as_mapped(int fd, const std::string& path) const;

    int fd_ = -1;
    std::vector<CoreSegment> segments_;
    std::vector<std::int32_t> threads_;
    std::map<std::int32_t, std::uint64_t> futexes_;  // by thread
    std::int32_t pid_ = 0;
    std::string command_line_;
    std::string executable_;
    mutable std::map<std::string, int, std::less<>> files_;  // opened so far; -1: not to be used
};

}  // namespace lampyr::elf
