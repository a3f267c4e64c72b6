// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <lampyr/result.hpp>

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::process {

/// A process kept in a file: address ranges, its /proc/PID/maps text and named facts (version, thread ids, expected
/// stacks, …). Everything above `RemoteMemory` can be run on it again, without the process and without permission.
///
/// File, all numbers little-endian: "lampyrPM", u32 version (1), u32 facts, u32 ranges, u64 FNV-1a of all that follows;
/// each fact: u32 size, name, u32 size, value; each range: u64 address, u64 size, bytes. Ranges ascend and do not
/// touch.
class RecordedMemory final : public RemoteMemory {
  public:
    /// kCorrupt for a file that is not such a recording, of an unknown version, cut or altered.
    [[nodiscard]] static Result<std::unique_ptr<RecordedMemory>> load(const std::string& path);
    [[nodiscard]] static Result<std::unique_ptr<RecordedMemory>> parse(std::string bytes);

    [[nodiscard]] std::size_t read_segments(std::span<const RemoteSegment> segments,
                                            std::span<std::byte> out) const override;

    [[nodiscard]] std::optional<std::string_view> fact(std::string_view name) const;
    /// The maps text; empty when none was recorded. For `parse_maps`.
    [[nodiscard]] std::string_view maps() const { return fact(kMapsFact).value_or(std::string_view{}); }

    static constexpr std::string_view kMapsFact = "maps";

  private:
    struct Range {
        std::uint64_t address = 0, size = 0, offset = 0;  ///< offset into file_
    };

    RecordedMemory() = default;
    [[nodiscard]] std::size_t copy(std::uint64_t address, std::span<std::byte> out) const;

    std::string file_;
    std::map<std::string, std::string, std::less<>> facts_;
    std::vector<Range> ranges_;
};

/// Collects a recording and writes it. Bytes added twice keep the later value.
class MemoryRecorder {
  public:
    void add_fact(std::string name, std::string value) { facts_[std::move(name)] = std::move(value); }
    void add_range(RemoteAddr address, std::span<const std::byte> bytes);
    [[nodiscard]] std::size_t bytes() const;

    [[nodiscard]] std::string encode() const;
    /// Replaces the file.
    [[nodiscard]] Result<void> write(const std::string& path) const;

  private:
    static constexpr std::size_t kPage = 4096;
    struct Page {
        std::array<std::byte, kPage> bytes{};
        std::bitset<kPage> known;
    };

    std::map<std::string, std::string> facts_;
    std::map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

/// Passes reads on and records what they gave: a recording made this way holds what a decoder needs and no more.
class TappedMemory final : public RemoteMemory {
  public:
    /// Both must outlive the tap.
    TappedMemory(const RemoteMemory& inner, MemoryRecorder& recorder) : inner_(inner), recorder_(recorder) {}

    [[nodiscard]] std::size_t read_segments(std::span<const RemoteSegment> segments,
                                            std::span<std::byte> out) const override;

  private:
    const RemoteMemory& inner_;
    MemoryRecorder& recorder_;
};

}  // namespace lampyr::process
