// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "process/held_copy.hpp"
#include "process/remote_memory.hpp"
#include "process/thread_registers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace lampyr::native {

/// What unwinding needs of a thread, copied while it is held: its registers and the used part of its machine stack. What else is
/// wanted of that moment comes in the same read. All the rest happens after it runs again.
class StackCopy {
  public:
    static constexpr std::size_t kMostBytes = 256U << 10;
    static constexpr std::size_t kUsualBytes = 32U << 10;
    static constexpr std::size_t kRedZone = 128;  ///< below the stack pointer; a leaf function may use it

    /// `room`: so much is copied at most, until a stack was found to be larger.
    explicit StackCopy(std::size_t room = kUsualBytes) : room_(room) {}

    /// Before the thread is held, each time: forgets the copy; what is copied finds its memory ready. `ranges` are copied, too.
    void make_room(std::span<const process::RemoteSegment> ranges = {}) { copy_.plan(ranges, room_); }
    /// Copies from the red zone up to where the stack ended last time, or as much as there is room for.
    void take(const process::RemoteMemory& memory, const process::ThreadRegisters& registers) {
        registers_ = registers;
        bottom_ = registers.stack_pointer() - kRedZone;
        std::size_t wanted = room_;
        if (end_ > bottom_ && end_ - bottom_ < wanted) wanted = static_cast<std::size_t>(end_ - bottom_);
        copy_.take(memory, {bottom_, wanted});
        full_ = size() == room_;
    }
    void clear() { copy_.forget(); }
    /// The stack's outermost address, as unwinding found it.
    void learn_end(std::uint64_t end) { end_ = end; }
    /// Unwinding needed what is not in the copy: the next one has all that may be there.
    void learn_too_small() {
        end_ = 0;
        if (full_) room_ = std::min(kMostBytes, room_ * 4);
    }

    [[nodiscard]] bool taken() const { return copy_.taken(); }
    [[nodiscard]] const process::HeldCopy& copy() const { return copy_; }
    [[nodiscard]] const process::ThreadRegisters& registers() const { return registers_; }
    [[nodiscard]] std::size_t size() const { return copy_.last().size(); }

    [[nodiscard]] std::optional<std::uint64_t> word(std::uint64_t address) const {
        if (address < bottom_ || size() < sizeof(std::uint64_t)) return std::nullopt;
        if (address - bottom_ > size() - sizeof(std::uint64_t)) return std::nullopt;
        std::uint64_t value = 0;
        std::memcpy(&value, copy_.last().data() + (address - bottom_), sizeof value);
        return value;
    }

  private:
    process::ThreadRegisters registers_;
    std::uint64_t bottom_ = 0;
    std::uint64_t end_ = 0;
    std::size_t room_;
    bool full_ = false;
    process::HeldCopy copy_;
};

}  // namespace lampyr::native
