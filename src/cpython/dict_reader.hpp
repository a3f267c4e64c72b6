// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace lampyr::cpython {

/// A key and its value, both objects of the target.
struct DictItem {
    RemoteAddr key;
    RemoteAddr value;
};

/// Dicts with more slots than this are not read.
inline constexpr std::uint64_t kMaxDictSlots = 1ULL << 20;

/// Reads dict objects of every shape: 2.7's hash table, and the compact dicts of 3.6+ with combined, unicode-only or split
/// keys, with values in a block or inside an instance. Not for the sampling path: allocates, and takes several reads.
/// The target may change a dict meanwhile: whatever is found is checked, whatever is not is missing.
class DictReader {
  public:
    DictReader(const process::RemoteMemory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

    /// Items of the dict object at `dict`, in insertion order (2.7: in table order). Empty when it is no dict. `most`: about so
    /// many of a larger one, for showing it; a few times as many entries are looked at.
    [[nodiscard]] std::vector<DictItem> items(RemoteAddr dict, std::uint64_t most = kMaxDictSlots) const;
    /// Attributes in the instance's own `__dict__`, wherever this version and class keep them.
    [[nodiscard]] std::vector<DictItem> instance_items(RemoteAddr instance, std::uint64_t most = kMaxDictSlots) const;
    /// The value whose key is the ASCII text `name`; null when there is none.
    [[nodiscard]] RemoteAddr find(const std::vector<DictItem>& items, std::string_view name) const;
    /// A non-negative int object of up to 64 bits (2.7: int or long).
    [[nodiscard]] std::optional<std::uint64_t> unsigned_value(RemoteAddr integer) const;
    /// Is the object at `object` of a class with this Py_TPFLAGS_*_SUBCLASS bit?
    [[nodiscard]] bool has_type_flag(RemoteAddr object, unsigned bit) const;

  private:
    struct Keys {
        RemoteAddr entries;
        std::uint64_t count = 0;
        bool with_hash = true;
    };
    [[nodiscard]] std::optional<Keys> keys(RemoteAddr address) const;
    [[nodiscard]] std::vector<DictItem> table27(RemoteAddr dict, std::uint64_t most) const;
    /// `values`: the split values, null when the entries hold them.
    [[nodiscard]] std::vector<DictItem> entries(const Keys& keys, RemoteAddr values, std::uint64_t most) const;
    [[nodiscard]] std::vector<DictItem> split_items(RemoteAddr type, RemoteAddr values, std::uint64_t most) const;
    [[nodiscard]] std::optional<RemoteAddr> pointer(RemoteAddr address) const;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
};

}  // namespace lampyr::cpython
