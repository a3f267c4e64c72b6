// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "process/remote_memory.hpp"
#include "process/thread_registers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace lampyr::native {

/// What unwinding needs of a thread, copied while it is held: its registers and the used part of its machine stack. All the
/// rest happens after it runs again.
class StackCopy {
  public:
    static constexpr std::size_t kMostBytes = 256U << 10;
    static constexpr std::size_t kUsualBytes = 32U << 10;
    static constexpr std::size_t kRedZone = 128;  ///< below the stack pointer; a leaf function may use it

    /// `room`: so much is copied at most, until a stack was found to be larger.
    explicit StackCopy(std::size_t room = kUsualBytes) : room_(room) {}

    /// Before the thread is held: what is copied finds its memory ready.
    void make_room() {
        if (bytes_.size() < room_) bytes_.resize(room_);
    }
    /// Copies from the red zone up to where the stack ended last time, or as much as there is room for.
    void take(const process::RemoteMemory& memory, const process::ThreadRegisters& registers) {
        registers_ = registers;
        bottom_ = registers.stack_pointer() - kRedZone;
        make_room();
        std::size_t wanted = bytes_.size();
        if (end_ > bottom_ && end_ - bottom_ < wanted) wanted = static_cast<std::size_t>(end_ - bottom_);
        size_ = memory.read_prefix(RemoteAddr(bottom_), {bytes_.data(), wanted});
        full_ = size_ == bytes_.size();
        taken_ = true;
    }
    void clear() { taken_ = false; }
    /// The stack's outermost address, as unwinding found it.
    void learn_end(std::uint64_t end) { end_ = end; }
    /// Unwinding needed what is not in the copy: the next one has all that may be there.
    void learn_too_small() {
        end_ = 0;
        if (full_) room_ = std::min(kMostBytes, std::max(room_, bytes_.size()) * 4);
    }

    [[nodiscard]] bool taken() const { return taken_; }
    [[nodiscard]] const process::ThreadRegisters& registers() const { return registers_; }
    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] std::optional<std::uint64_t> word(std::uint64_t address) const {
        if (address < bottom_ || size_ < sizeof(std::uint64_t)) return std::nullopt;
        if (address - bottom_ > size_ - sizeof(std::uint64_t)) return std::nullopt;
        std::uint64_t value = 0;
        std::memcpy(&value, bytes_.data() + (address - bottom_), sizeof value);
        return value;
    }

  private:
    process::ThreadRegisters registers_;
    std::uint64_t bottom_ = 0;
    std::uint64_t end_ = 0;
    std::size_t size_ = 0;
    std::size_t room_;
    bool full_ = false;
    bool taken_ = false;
    std::vector<std::byte> bytes_;
};

}  // namespace lampyr::native
