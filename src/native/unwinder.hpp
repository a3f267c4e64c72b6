// SPDX-License-Identifier: MIT
#pragma once

#include "native/module_list.hpp"
#include "native/stack_copy.hpp"
#include "native/unwind_rule.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace lampyr::native {

/// Why unwinding ended.
enum class UnwindEnd : std::uint8_t {
    kRoot,      ///< at the thread's first function
    kNoTables,  ///< machine code without unwind tables, or broken ones
    kNoMemory,  ///< a frame is not in the copy, or not above the one it called
    kTooDeep,   ///< more frames than are followed
};

/// Unwinds copied stacks. The rule for an instruction is looked up in the unwind tables once and remembered.
class Unwinder {
  public:
    static constexpr std::size_t kMostFrames = 4096;

    explicit Unwinder(ModuleList& modules);

    /// Fills `frames`: for each machine frame an address inside the function's call, innermost first. Where the stack ended is
    /// learned by the copy.
    UnwindEnd unwind(StackCopy& stack);
    [[nodiscard]] std::span<const std::uint64_t> frames() const { return frames_; }
    /// After code was mapped or unmapped.
    void forget();

  private:
    /// Rules by instruction; the next one with the same place takes it over.
    struct Slot {
        std::uint64_t address = 0;
        std::unique_ptr<UnwindRule> rule;  // null: none covers the address
    };
    [[nodiscard]] const UnwindRule* rule_at(std::uint64_t address, std::uint64_t behind_call);
    [[nodiscard]] const UnwindRule* rule_of_code(std::uint64_t address);

    ModuleList& modules_;
    std::vector<Slot> slots_;
    UnwindRule of_code_;  // of the last code without tables
    std::vector<std::uint64_t> frames_;
};

}  // namespace lampyr::native
