// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lampyr::layoutgen {

/// Where a member is: bytes from the start of the outermost struct, and for a bit field the bits from there too.
struct Member {
    std::uint64_t offset = 0;
    std::uint64_t bit_offset = 0;
    bool is_aggregate = false;  ///< a struct or union by value
};

/// The struct types of a file's DWARF by name, through libdw. Tool code: the file is trusted, unlike a target's.
class DwarfTypes {
  public:
    /// Reads `path`, or the separate debug file its build id names below /usr/lib/debug. Only the types named (as struct,
    /// union or typedef) are kept.
    [[nodiscard]] static Result<DwarfTypes> open(const std::string& path, std::span<const std::string_view> names);

    DwarfTypes(DwarfTypes&&) noexcept;
    DwarfTypes& operator=(DwarfTypes&&) noexcept;
    ~DwarfTypes();

    [[nodiscard]] bool has(std::string_view type) const;
    [[nodiscard]] std::optional<std::uint64_t> size_of(std::string_view type) const;
    /// `path` is a member or members joined by dots; members of unnamed members count as the type's own.
    [[nodiscard]] std::optional<Member> find(std::string_view type, std::string_view path) const;

  private:
    struct Handle;
    explicit DwarfTypes(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace lampyr::layoutgen
