// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/ids.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace lampyr::process {

/// A thread's registers by the numbers that unwind tables use (DWARF for x86-64: System V psABI, figure 3.36).
struct ThreadRegisters {
    static constexpr std::size_t kCount = 17;
    static constexpr std::size_t kStackPointer = 7;
    static constexpr std::size_t kReturnAddress = 16;  ///< in the innermost frame: the instruction pointer

    std::array<std::uint64_t, kCount> values{};

    [[nodiscard]] std::uint64_t stack_pointer() const { return values[kStackPointer]; }
    [[nodiscard]] std::uint64_t instruction_pointer() const { return values[kReturnAddress]; }
};

/// Whether registers can be read on this kind of machine: x86-64 only.
[[nodiscard]] bool registers_readable();

/// Of a thread that the calling thread holds (inside `ThreadStopper::during_stop`). Nothing when it is not held.
[[nodiscard]] std::optional<ThreadRegisters> read_registers(Tid tid);

}  // namespace lampyr::process
