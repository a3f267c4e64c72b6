// SPDX-License-Identifier: MIT
#include "native/unwind_rule.hpp"

#include "native/expression.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <span>

namespace lampyr::native {
namespace {

using process::ThreadRegisters;
using Kind = UnwindRule::Kind;

constexpr std::size_t kMostOperations = 64;

struct FreeFrame {
    void operator()(Dwarf_Frame* frame) const { std::free(frame); }  // as libdw says: malloc'd, the caller frees it
};

bool fits(std::uint64_t number) {
    const auto value = static_cast<std::int64_t>(number);
    return value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
}

std::optional<std::int32_t> keep_expression(UnwindRule& rule, std::span<const Dwarf_Op> operations) {
    if (operations.size() > kMostOperations) return std::nullopt;
    std::vector<Operation> kept;
    kept.reserve(operations.size());
    for (const Dwarf_Op& operation : operations) kept.push_back({operation.atom, operation.number, operation.number2});
    rule.expressions.push_back(std::move(kept));
    return static_cast<std::int32_t>(rule.expressions.size() - 1);
}

bool take_frame_address(UnwindRule& rule, std::span<const Dwarf_Op> operations) {
    if (operations.empty()) return false;
    const Dwarf_Op& first = operations.front();
    const bool simple = operations.size() == 1 && first.atom >= DW_OP_breg0 &&
                        first.atom < DW_OP_breg0 + ThreadRegisters::kCount && fits(first.number);
    if (simple) {
        rule.frame_register = static_cast<std::uint8_t>(first.atom - DW_OP_breg0);
        rule.frame_offset = static_cast<std::int32_t>(static_cast<std::int64_t>(first.number));
        return true;
    }
    const auto kept = keep_expression(rule, operations);
    rule.frame_expression = true;
    rule.frame_offset = kept.value_or(0);
    return kept.has_value();
}

/// A location is where the register is in memory, unless it ends with DW_OP_stack_value or names a register.
std::optional<UnwindRule::Place> place_of(UnwindRule& rule, std::span<const Dwarf_Op> operations) {
    const bool value = operations.back().atom == DW_OP_stack_value;
    if (value) operations = operations.first(operations.size() - 1);
    if (operations.empty()) return std::nullopt;
    const bool from_frame = operations.front().atom == DW_OP_call_frame_cfa;
    if (from_frame && operations.size() == 1) return UnwindRule::Place{value ? Kind::kValue : Kind::kAtOffset, 0};
    if (from_frame && operations.size() == 2 && operations[1].atom == DW_OP_plus_uconst && fits(operations[1].number)) {
        const auto offset = static_cast<std::int32_t>(static_cast<std::int64_t>(operations[1].number));
        return UnwindRule::Place{value ? Kind::kValue : Kind::kAtOffset, offset};
    }
    const auto kept = keep_expression(rule, operations);
    if (!kept) return std::nullopt;
    std::vector<Operation>& expression = rule.expressions.back();
    const Operation first = expression.front();
    if (first.atom >= DW_OP_reg0 && first.atom <= DW_OP_reg31) {  // it is in another register
        expression.assign({{static_cast<std::uint8_t>(first.atom - DW_OP_reg0 + DW_OP_breg0), 0, 0}});
    } else if (first.atom == DW_OP_regx) {
        expression.assign({{DW_OP_bregx, first.number, 0}});
    } else if (!value) {
        expression.push_back({DW_OP_deref, 0, 0});
    }
    return UnwindRule::Place{Kind::kExpression, *kept};
}

}  // namespace

std::optional<UnwindRule> find_rule(Dwarf_CFI_s* tables, std::uint64_t address) {
    Dwarf_Frame* found = nullptr;
    if (dwarf_cfi_addrframe(tables, address, &found) != 0) return std::nullopt;
    const std::unique_ptr<Dwarf_Frame, FreeFrame> frame(found);
    UnwindRule rule;
    const int column = dwarf_frame_info(frame.get(), nullptr, nullptr, &rule.signal);
    if (column != static_cast<int>(ThreadRegisters::kReturnAddress)) return std::nullopt;
    Dwarf_Op* operations = nullptr;
    std::size_t count = 0;
    if (dwarf_frame_cfa(frame.get(), &operations, &count) != 0) return std::nullopt;
    if (!take_frame_address(rule, {operations, count})) return std::nullopt;
    for (std::size_t i = 0; i < ThreadRegisters::kCount; ++i) {
        Dwarf_Op room[3];
        if (dwarf_frame_register(frame.get(), static_cast<int>(i), room, &operations, &count) != 0) return std::nullopt;
        if (count == 0) {
            rule.places[i].kind = operations == nullptr ? Kind::kSame : Kind::kUndefined;
            continue;
        }
        const auto place = place_of(rule, {operations, count});
        if (!place) return std::nullopt;
        rule.places[i] = *place;
    }
    return rule;
}

bool UnwindRule::apply(ThreadRegisters& registers, const StackCopy& stack) const {
    std::uint64_t frame = 0;
    const auto with_offset = [](std::uint64_t base, std::int32_t offset) {
        return base + static_cast<std::uint64_t>(static_cast<std::int64_t>(offset));
    };
    if (frame_expression) {
        const auto value = evaluate(expressions[static_cast<std::size_t>(frame_offset)], registers, stack, 0);
        if (!value) return false;
        frame = *value;
    } else {
        frame = with_offset(registers.values[frame_register], frame_offset);
    }
    ThreadRegisters caller = registers;
    for (std::size_t i = 0; i < places.size(); ++i) {
        std::optional<std::uint64_t> value;
        switch (places[i].kind) {
            case Kind::kSame: continue;
            case Kind::kUndefined:
                if (i == ThreadRegisters::kReturnAddress) caller.values[i] = 0;
                if (i == ThreadRegisters::kStackPointer) caller.values[i] = frame;
                continue;
            case Kind::kAtOffset: value = stack.word(with_offset(frame, places[i].offset)); break;
            case Kind::kValue: value = with_offset(frame, places[i].offset); break;
            case Kind::kExpression:
                value = evaluate(expressions[static_cast<std::size_t>(places[i].offset)], registers, stack, frame);
                break;
        }
        if (!value) return false;
        caller.values[i] = *value;
    }
    if (places[ThreadRegisters::kStackPointer].kind == Kind::kSame)
        caller.values[ThreadRegisters::kStackPointer] = frame;
    registers = caller;
    return true;
}

}  // namespace lampyr::native
