// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/dict_reader.hpp"
#include "cpython/layout.hpp"
#include "cpython/member_slots.hpp"
#include "cpython/type_facts.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <string>

namespace lampyr::cpython {

/// How much of a value is shown. Every text ends at about `characters`, whatever an object claims to hold.
struct ValueLimits {
    std::size_t characters = 120;
    std::size_t items = 12;  ///< of one list, tuple, set, dict or instance
    unsigned depth = 3;      ///< of objects in objects
};

/// Says what an object is, about as repr() would, from memory alone: no code of the target runs. Numbers, text, bytes, lists,
/// tuples, sets, dicts and classes derived from them, exceptions, attributes of instances, types, functions, modules; other
/// objects by their type and address. Nothing is trusted: sizes are clamped, cycles and depth end in "...", a number of
/// objects is looked at in all, and what cannot be read is `<unreadable>` and costs nothing else.
/// The target may run on: of an object that changes meanwhile the text may be of both states.
class ValueText {
  public:
    ValueText(const process::RemoteMemory& memory, const Layout& layout, ValueLimits limits = {})
        : memory_(memory),
          layout_(layout),
          limits_(limits),
          types_(memory, layout),
          slots_(memory, layout, types_),
          dicts_(memory, layout) {}

    /// UTF-8; not yet safe for a terminal, but of one line.
    [[nodiscard]] std::string of(RemoteAddr object);
    [[nodiscard]] TypeReader& types() { return types_; }
    // What is in it refers to its own parts.
    ValueText(const ValueText&) = delete;
    ValueText& operator=(const ValueText&) = delete;

  private:
    class Writer;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    ValueLimits limits_;
    TypeReader types_;
    MemberSlots slots_;
    DictReader dicts_;
};

}  // namespace lampyr::cpython
