// SPDX-License-Identifier: MIT
#include "native/unwinder.hpp"

#include "native/return_path.hpp"

#include <algorithm>
#include <array>

namespace lampyr::native {
namespace {

constexpr unsigned kSlotBits = 14;
constexpr std::uint64_t kAboveRoot =
    256;  ///< what is copied above the last frame, should the next stack be a little longer

std::size_t slot_of(std::uint64_t address) {
    return static_cast<std::size_t>((address * 0x9E3779B97F4A7C15ULL) >> (64 - kSlotBits));
}

}  // namespace

Unwinder::Unwinder(ModuleList& modules) : modules_(modules), slots_(std::size_t{1} << kSlotBits) {
    frames_.reserve(kMostFrames);
}

void Unwinder::forget() {
    for (Slot& slot : slots_) slot = Slot{};
}

const UnwindRule* Unwinder::rule_at(std::uint64_t address, std::uint64_t behind_call) {
    Slot& slot = slots_[slot_of(address)];
    if (slot.address == address && slot.rule) return slot.rule.get();
    if (slot.address == address) return rule_of_code(address + behind_call);
    Module* module = modules_.find(address);
    if (module == nullptr) return nullptr;  // may be known the next time
    slot.address = address;
    slot.rule.reset();
    if (module->image && module->image->unwind_tables() != nullptr) {
        if (auto rule = find_rule(module->image->unwind_tables(), address - module->image->bias()))
            slot.rule = std::make_unique<UnwindRule>(*std::move(rule));
    }
    return slot.rule ? slot.rule.get() : rule_of_code(address + behind_call);
}

/// Where there are no tables. Not remembered: code without them may have been made just now, in the place of other code.
const UnwindRule* Unwinder::rule_of_code(std::uint64_t address) {
    std::array<std::byte, kReturnPathBytes> code;
    const std::size_t size = modules_.memory().read_prefix(RemoteAddr(address), code);
    auto rule = read_return_path(std::span(code).first(size));
    if (!rule) return nullptr;
    of_code_ = *std::move(rule);
    return &of_code_;
}

UnwindEnd Unwinder::unwind(StackCopy& stack) {
    process::ThreadRegisters registers = stack.registers();
    frames_.clear();
    // A return address is behind the call, which may be the last instruction of its function.
    std::uint64_t behind_call = 0;
    while (frames_.size() < kMostFrames) {
        const std::uint64_t address = registers.instruction_pointer() - behind_call;
        frames_.push_back(address);
        const UnwindRule* rule = rule_at(address, behind_call);
        if (rule == nullptr) return UnwindEnd::kNoTables;
        const std::uint64_t before = registers.stack_pointer();
        if (!rule->apply(registers, stack)) {
            stack.learn_too_small();
            return UnwindEnd::kNoMemory;
        }
        if (registers.instruction_pointer() == 0) {
            stack.learn_end(std::max(before, registers.stack_pointer()) + kAboveRoot);
            return UnwindEnd::kRoot;
        }
        // The stack grows down, so callers are above. A signal may be handled on another stack; that is not in the copy.
        if (registers.stack_pointer() <= before) return UnwindEnd::kNoMemory;
        behind_call = rule->signal ? 0 : 1;
    }
    return UnwindEnd::kTooDeep;
}

}  // namespace lampyr::native
