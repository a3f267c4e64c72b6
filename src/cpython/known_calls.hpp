// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// The calls that were proven to happen in a process: which code was called from which instruction of which code. A stack that
/// changed while it was read is claimed if every doubtful step of it is a call known from here: such a stack happens.
/// Of fixed size; learning and asking allocate nothing.
class KnownCalls {
  public:
    KnownCalls() : slots_(kSlots) {}

    void learn(const RawFrame& caller, const RawFrame& callee);
    /// Whether this call was proven three times: one proof in many thousands is false.
    [[nodiscard]] bool knows(const RawFrame& caller, const RawFrame& callee) const;
    void forget() {
        slots_.assign(kSlots, Slot{});
        used_ = 0;
    }
    /// Grows whenever something new was learned.
    [[nodiscard]] std::uint64_t version() const { return version_; }

  private:
    static constexpr std::size_t kSlots = 1U << 16;
    static constexpr std::uint32_t kEnough = 3;
    struct Slot {
        std::uint64_t key = 0;
        std::uint32_t proofs = 0;
    };
    [[nodiscard]] static std::uint64_t key_of(const RawFrame& caller, const RawFrame& callee);

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
    std::uint64_t version_ = 0;
};

}  // namespace lampyr::cpython
