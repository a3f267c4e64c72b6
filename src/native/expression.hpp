// SPDX-License-Identifier: MIT
#pragma once

#include "native/unwind_rule.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace lampyr::native {

/// The value of an expression of unwind tables. `frame`: the frame's address, which DW_OP_call_frame_cfa pushes. Straight
/// code only, so it ends; nothing for an operation that unwind tables have no use for, or memory that was not copied.
[[nodiscard]] std::optional<std::uint64_t> evaluate(std::span<const Operation> operations,
                                                    const process::ThreadRegisters& registers, const StackCopy& stack,
                                                    std::uint64_t frame);

}  // namespace lampyr::native
