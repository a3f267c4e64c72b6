// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lampyr::cpython {

/// What a type object says about its instances.
struct TypeFacts {
    RemoteAddr address;
    std::uint64_t flags = 0;  ///< tp_flags
    std::string name;         ///< tp_name as valid UTF-8: with its module for types written in C, without for others

    /// Made by a class statement, so its name may be anybody's.
    [[nodiscard]] bool is_heap() const { return (flags >> 9 & 1) != 0; }
    [[nodiscard]] bool has_flag(unsigned bit) const { return (flags >> bit & 1) != 0; }
    /// The type of this name that the interpreter itself brings.
    [[nodiscard]] bool is_builtin(std::string_view wanted) const { return !is_heap() && name == wanted; }
};

/// Py_TPFLAGS_*_SUBCLASS bits, Include/object.h.
inline constexpr unsigned kIntSubclass27 = 23;
inline constexpr unsigned kLongSubclass = 24;
inline constexpr unsigned kListSubclass = 25;
inline constexpr unsigned kTupleSubclass = 26;
inline constexpr unsigned kBytesSubclass = 27;
inline constexpr unsigned kUnicodeSubclass = 28;
inline constexpr unsigned kDictSubclass = 29;
inline constexpr unsigned kExceptionSubclass = 30;
inline constexpr unsigned kTypeSubclass = 31;

/// Types of objects, each read once. Not for the sampling path.
class TypeReader {
  public:
    TypeReader(const process::RemoteMemory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

    /// Null when `object` is no object with a type that can be read. Valid as long as the reader.
    [[nodiscard]] const TypeFacts* type_of(RemoteAddr object);
    /// The same of a type object itself.
    [[nodiscard]] const TypeFacts* facts(RemoteAddr type);
    /// A name that C code keeps, as valid UTF-8 and cut to a length. Nothing when it is empty.
    [[nodiscard]] std::optional<std::string> read_name(RemoteAddr text) const;

  private:
    [[nodiscard]] std::optional<TypeFacts> read(RemoteAddr type) const;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    std::unordered_map<RemoteAddr, std::optional<TypeFacts>> types_;
};

}  // namespace lampyr::cpython
