// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/layouts/asyncio_fields.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/type_facts.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <vector>

namespace lampyr::cpython {

/// A suspended coroutine, the one it awaits, and so on.
struct CoroutineChain {
    std::vector<RawFrame> frames;  ///< outermost first
    RemoteAddr awaited;  ///< what the innermost one awaits: a future, or some other object; null: nothing, or not known
    bool cut = false;    ///< there are more frames
};

/// Longer chains are cut.
inline constexpr std::size_t kMostCoroutines = 512;

/// Follows coroutines, generators and asynchronous generators by what stands on top of their value stacks. Nothing holds them
/// still; the caller reads again and compares. Not for the sampling path: allocates, and takes two reads a coroutine.
class CoroutineReader {
  public:
    /// All must outlive it.
    CoroutineReader(const process::RemoteMemory& memory, const Layout& layout, const AsyncioLayout& asyncio,
                    TypeReader& types)
        : memory_(memory), layout_(layout), asyncio_(asyncio), types_(types) {}

    [[nodiscard]] CoroutineChain follow(RemoteAddr coroutine) const;
    /// Where the frame of this coroutine is.
    [[nodiscard]] RemoteAddr frame_of(RemoteAddr coroutine) const {
        return coroutine + layout_.generator.iframe.value();
    }

  private:
    enum class Kind : std::uint8_t { kCoroutine, kWrapper, kFutureIterator, kOther };
    struct Suspended {
        RawFrame frame;
        RemoteAddr awaited;  ///< null: none
    };
    [[nodiscard]] Kind kind_of(RemoteAddr object) const;
    [[nodiscard]] bool read(RemoteAddr coroutine, Suspended& out) const;
    [[nodiscard]] RemoteAddr awaited_slot(RemoteAddr frame, const std::byte* bytes) const;
    [[nodiscard]] bool awaits(std::int8_t state, std::uint64_t instruction) const;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    const AsyncioLayout& asyncio_;
    TypeReader& types_;
};

}  // namespace lampyr::cpython
