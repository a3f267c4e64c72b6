// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"

#include <lampyr/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::elf {

/// A defined symbol; `value` is a link-time address, to which the load bias is added.
struct Symbol {
    std::uint64_t value = 0;
    std::uint64_t size = 0;
};

struct Section {
    std::uint64_t address = 0;  ///< link-time; 0 for sections that are not loaded
    std::uint64_t size = 0;
};

/// PT_LOAD, in link-time addresses.
struct LoadSegment {
    std::uint64_t address = 0;
    std::uint64_t file_offset = 0;
    std::uint64_t file_size = 0;
    std::uint64_t memory_size = 0;
    bool readable = false;
    bool writable = false;
    bool executable = false;
};

enum class SymbolTables : std::uint8_t {
    kDynamic,  ///< .dynsym
    kBoth,     ///< .dynsym, then .symtab
};

/// A 64-bit little-endian ELF file, read through libelf with pread (never mapped: the target may truncate its own files).
/// Nothing in it is trusted: sizes are capped and a table that does not make sense is treated as absent.
class Image {
  public:
    /// Keeps a duplicate of `fd`; the caller's stays the caller's. kCorrupt: not an ELF file that we can read.
    [[nodiscard]] static Result<Image> open(int fd);

    Image(Image&&) noexcept;
    Image& operator=(Image&&) noexcept;
    ~Image();

    [[nodiscard]] std::span<const LoadSegment> segments() const;

    /// Where the file's address 0 is in the process, from one mapping of it; nothing when no segment matches. A segment's
    /// address is not its file offset, so both are needed.
    [[nodiscard]] std::optional<std::uint64_t> load_bias(RemoteAddr mapping_start,
                                                         std::uint64_t mapping_file_offset) const;

    /// Defined symbols by exact name, in the order asked; only these names are compared, nothing is indexed.
    [[nodiscard]] std::vector<std::optional<Symbol>> find_symbols(std::span<const std::string_view> names,
                                                                  SymbolTables tables) const;
    [[nodiscard]] std::optional<Symbol> find_symbol(std::string_view name, SymbolTables tables) const;
    [[nodiscard]] std::optional<Section> find_section(std::string_view name) const;

    /// NT_GNU_BUILD_ID as lower-case hex, empty when there is none.
    [[nodiscard]] std::string build_id() const;

  private:
    struct Handle;
    explicit Image(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

/// `load_bias` for segments from anywhere (file or memory).
[[nodiscard]] std::optional<std::uint64_t> load_bias(std::span<const LoadSegment> segments, RemoteAddr mapping_start,
                                                     std::uint64_t mapping_file_offset);

}  // namespace lampyr::elf
