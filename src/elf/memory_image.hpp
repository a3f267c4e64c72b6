// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "elf/image.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lampyr::elf {

/// An ELF image as the process has it mapped: ELF header → program headers → PT_DYNAMIC → hash table → symbol. Needs no
/// file, so it serves deleted, replaced, unreadable and stripped ones, and it cannot be of another version than the code
/// that runs. Every count and size read from the target is capped.
class MemoryImage {
  public:
    /// `header` is where the ELF header is mapped. Nothing when there is no usable image.
    [[nodiscard]] static std::optional<MemoryImage> open(const process::RemoteMemory& memory, RemoteAddr header);

    [[nodiscard]] std::uint64_t load_bias() const { return bias_; }
    [[nodiscard]] std::span<const LoadSegment> segments() const { return segments_; }
    /// Whether the address lies in one of the image's segments.
    [[nodiscard]] bool contains(RemoteAddr address) const;

    /// Address in the process of an exported, defined symbol. Without a hash table, or when it is damaged: nothing.
    [[nodiscard]] std::optional<RemoteAddr> find_symbol(std::string_view name) const;

  private:
    struct Dynamic {
        RemoteAddr symbols;
        RemoteAddr strings;
        std::uint64_t strings_size = 0;
        RemoteAddr gnu_hash;
        RemoteAddr hash;
    };

    explicit MemoryImage(const process::RemoteMemory& memory) : memory_(&memory) {}
    void read_dynamic(RemoteAddr table, std::uint64_t size);
    [[nodiscard]] RemoteAddr dynamic_address(std::uint64_t value) const;
    [[nodiscard]] std::optional<RemoteAddr> find_gnu(std::string_view name) const;
    [[nodiscard]] std::optional<RemoteAddr> find_sysv(std::string_view name) const;
    /// The symbol's address when entry `index` is defined and has this name.
    [[nodiscard]] std::optional<RemoteAddr> match(std::uint32_t index, std::string_view name) const;

    const process::RemoteMemory* memory_;
    std::uint64_t bias_ = 0;
    std::vector<LoadSegment> segments_;
    Dynamic dynamic_;
};

}  // namespace lampyr::elf
