// SPDX-License-Identifier: MIT
#pragma once

#include "native/stack_copy.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

struct Dwarf_CFI_s;

namespace lampyr::native {

/// One operation of a DWARF expression (DWARF 5, 2.5) as unwind tables use them.
struct Operation {
    std::uint8_t atom = 0;
    std::uint64_t number = 0;
    std::uint64_t number2 = 0;
};

/// How to get from one function's registers to its caller's, at one instruction. What the unwind tables say, in a form
/// that is applied without looking into them again.
struct UnwindRule {
    enum class Kind : std::uint8_t {
        kSame,        ///< the function has left the register alone
        kUndefined,   ///< not kept
        kAtOffset,    ///< in memory, at the frame's address plus `offset`
        kValue,       ///< the frame's address plus `offset` itself
        kExpression,  ///< `expressions[offset]`
    };
    struct Place {
        Kind kind = Kind::kSame;
        std::int32_t offset = 0;
    };

    std::array<Place, process::ThreadRegisters::kCount> places{};
    std::uint8_t frame_register = process::ThreadRegisters::kStackPointer;  ///< the frame's address is this register …
    std::int32_t frame_offset = 0;                                          ///< … plus this,
    bool frame_expression = false;                                          ///< or `expressions[frame_offset]`
    bool signal = false;  ///< the kernel called this: its caller stands at an instruction, not behind a call
    std::vector<std::vector<Operation>> expressions{};

    /// The caller's registers in place of those of the function; its return address is 0 where the stack ends. False: the
    /// rule needs what is not in the copy, or it contradicts itself.
    [[nodiscard]] bool apply(process::ThreadRegisters& registers, const StackCopy& stack) const;
};

/// Reads the rule for a link-time address from an image's unwind tables. Nothing when they do not cover it or are broken.
[[nodiscard]] std::optional<UnwindRule> find_rule(Dwarf_CFI_s* tables, std::uint64_t address);

}  // namespace lampyr::native
