// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace lampyr::profile {

/// Open-addressing index from a hash to row numbers of a table kept elsewhere. Rows are compared by the caller, so any
/// key works. A slot keeps 32 hash bits: growing needs no second look at the rows, and a probe seldom compares in vain.
class IdIndex {
  public:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    IdIndex() : slots_(kFirstSize) {}

    /// The row for which `equal(row)` holds among those inserted with `hash`, or kNone. Never allocates.
    template <typename Equal>
    [[nodiscard]] std::uint32_t find(std::uint32_t hash, Equal&& equal) const {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
            const Slot& slot = slots_[at];
            if (slot.row == kNone) return kNone;
            if (slot.hash == hash && equal(slot.row)) return slot.row;
        }
    }

    /// The row must not be in the index yet.
    void insert(std::uint32_t hash, std::uint32_t row) {
        if ((used_ + 1) * 4 > slots_.size() * 3) grow();
        place(slots_, Slot{hash, row});
        ++used_;
    }

  private:
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t row = kNone;
    };
    static constexpr std::size_t kFirstSize = 64;  // a power of two, as every size

    static void place(std::vector<Slot>& slots, Slot slot) {
        const std::size_t mask = slots.size() - 1;
        std::size_t at = slot.hash & mask;
        while (slots[at].row != kNone) at = (at + 1) & mask;
        slots[at] = slot;
    }
    void grow() {
        std::vector<Slot> bigger(slots_.size() * 2);
        for (const Slot& slot : slots_)
            if (slot.row != kNone) place(bigger, slot);
        slots_.swap(bigger);
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace lampyr::profile
