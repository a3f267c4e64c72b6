// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/type_facts.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace lampyr::cpython {

/// An attribute that instances of a class keep in themselves, as `__slots__` says.
struct MemberSlot {
    std::string name;      ///< private ones with the name of their class in front
    std::uint64_t offset;  ///< in an instance, to the value; null there: not set
};

/// The slots of classes, each class read once. Not for the sampling path.
class MemberSlots {
  public:
    /// All must outlive it.
    MemberSlots(const process::RemoteMemory& memory, const Layout& layout, TypeReader& types)
        : memory_(memory), layout_(layout), types_(types) {}

    /// Those of its base classes first. Valid as long as the reader.
    [[nodiscard]] const std::vector<MemberSlot>& of(RemoteAddr type);

  private:
    void add_own(RemoteAddr type, std::vector<MemberSlot>& found) const;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    TypeReader& types_;
    std::unordered_map<RemoteAddr, std::vector<MemberSlot>> slots_;
};

}  // namespace lampyr::cpython
