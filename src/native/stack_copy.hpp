// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "process/remote_memory.hpp"
#include "process/thread_registers.hpp"

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
    static constexpr std::size_t kRedZone = 128;  ///< below the stack pointer; a leaf function may use it

    /// Copies from the red zone up to where the stack ended last time, or as much as there is.
    void take(const process::RemoteMemory& memory, const process::ThreadRegisters& registers) {
        registers_ = registers;
        bottom_ = registers.stack_pointer() - kRedZone;
        std::size_t wanted = kMostBytes;
        if (end_ > bottom_ && end_ - bottom_ < kMostBytes) wanted = static_cast<std::size_t>(end_ - bottom_);
        if (bytes_.size() < wanted) bytes_.resize(wanted);
        size_ = memory.read_prefix(RemoteAddr(bottom_), {bytes_.data(), wanted});
        taken_ = true;
    }
    void clear() { taken_ = false; }
    /// The stack's outermost address, as unwinding found it; 0: not known, copy what there is.
    void learn_end(std::uint64_t end) { end_ = end; }

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
    bool taken_ = false;
    std::vector<std::byte> bytes_;
};

}  // namespace lampyr::native
