// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct Elf;

namespace lampyr::native {

/// The functions of an image by address.
class SymbolTable {
  public:
    /// Adds the functions in .symtab and .dynsym. Nothing in the file is trusted.
    void add(Elf* elf);
    void add(std::uint64_t start, std::uint64_t size, std::string_view name);
    /// After the last `add`.
    void sort();

    /// The function that covers a link-time address, as the linker knows it; empty when none does.
    [[nodiscard]] std::string_view find(std::uint64_t address) const;
    [[nodiscard]] bool has(std::string_view name) const { return size_of(name).has_value(); }
    [[nodiscard]] std::optional<std::uint64_t> size_of(std::string_view name) const;

  private:
    struct Entry {
        std::uint64_t start = 0;
        std::uint64_t size = 0;
        std::uint32_t name = 0;  // in names_
    };
    [[nodiscard]] std::string_view name_of(const Entry& entry) const { return names_.c_str() + entry.name; }

    std::vector<Entry> entries_;
    std::string names_;  // one behind the other, each with a zero
};

}  // namespace lampyr::native
