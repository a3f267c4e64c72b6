// SPDX-License-Identifier: MIT
#include "native/expression.hpp"

#include <dwarf.h>

#include <array>

namespace lampyr::native {
namespace {

/// The machine's stack: as deep as the tables of compilers and of glibc ever need, and some.
class Values {
  public:
    bool push(std::uint64_t value) {
        if (count_ == values_.size()) return false;
        values_[count_++] = value;
        return true;
    }
    [[nodiscard]] std::optional<std::uint64_t> pop() {
        if (count_ == 0) return std::nullopt;
        return values_[--count_];
    }

  private:
    std::array<std::uint64_t, 16> values_{};
    std::size_t count_ = 0;
};

std::optional<std::uint64_t> combine(std::uint8_t atom, std::uint64_t a, std::uint64_t b) {
    const auto left = static_cast<std::int64_t>(a);
    const auto right = static_cast<std::int64_t>(b);
    switch (atom) {
        case DW_OP_plus: return a + b;
        case DW_OP_minus: return a - b;
        case DW_OP_mul: return a * b;
        case DW_OP_and: return a & b;
        case DW_OP_or: return a | b;
        case DW_OP_xor: return a ^ b;
        case DW_OP_shl: return b < 64 ? a << b : 0;
        case DW_OP_shr: return b < 64 ? a >> b : 0;
        case DW_OP_eq: return left == right ? 1 : 0;
        case DW_OP_ne: return left != right ? 1 : 0;
        case DW_OP_ge: return left >= right ? 1 : 0;
        case DW_OP_gt: return left > right ? 1 : 0;
        case DW_OP_le: return left <= right ? 1 : 0;
        case DW_OP_lt: return left < right ? 1 : 0;
        default: return std::nullopt;
    }
}

std::optional<std::uint64_t> constant(const Operation& operation) {
    const std::uint8_t atom = operation.atom;
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) return atom - std::uint64_t{DW_OP_lit0};
    switch (atom) {
        case DW_OP_addr:
        case DW_OP_const1u:
        case DW_OP_const1s:
        case DW_OP_const2u:
        case DW_OP_const2s:
        case DW_OP_const4u:
        case DW_OP_const4s:
        case DW_OP_const8u:
        case DW_OP_const8s:
        case DW_OP_constu:
        case DW_OP_consts: return operation.number;
        default: return std::nullopt;
    }
}

/// The register that an operation names, with what is added to it.
std::optional<std::uint64_t> of_register(const Operation& operation, const process::ThreadRegisters& registers) {
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
    if (operation.atom >= DW_OP_breg0 && operation.atom <= DW_OP_breg31) {
        number = operation.atom - std::uint64_t{DW_OP_breg0};
        offset = operation.number;
    } else if (operation.atom == DW_OP_bregx) {
        number = operation.number;
        offset = operation.number2;
    } else {
        return std::nullopt;
    }
    if (number >= registers.values.size()) return std::nullopt;
    return registers.values[number] + offset;
}

bool step(const Operation& operation, const process::ThreadRegisters& registers, const StackCopy& stack,
          std::uint64_t frame, Values& values) {
    if (const auto value = constant(operation)) return values.push(*value);
    if (const auto value = of_register(operation, registers)) return values.push(*value);
    if (operation.atom == DW_OP_call_frame_cfa) return values.push(frame);
    if (operation.atom == DW_OP_nop) return true;
    const auto top = values.pop();
    if (!top) return false;
    switch (operation.atom) {
        case DW_OP_plus_uconst: return values.push(*top + operation.number);
        case DW_OP_dup: return values.push(*top) && values.push(*top);
        case DW_OP_drop: return true;
        case DW_OP_deref: {
            const auto word = stack.word(*top);
            return word && values.push(*word);
        }
        default: break;
    }
    const auto below = values.pop();
    if (!below) return false;
    if (operation.atom == DW_OP_swap) return values.push(*top) && values.push(*below);
    const auto result = combine(operation.atom, *below, *top);
    return result && values.push(*result);
}

}  // namespace

std::optional<std::uint64_t> evaluate(std::span<const Operation> operations, const process::ThreadRegisters& registers,
                                      const StackCopy& stack, std::uint64_t frame) {
    Values values;
    for (const Operation& operation : operations)
        if (!step(operation, registers, stack, frame, values)) return std::nullopt;
    return values.pop();
}

}  // namespace lampyr::native
