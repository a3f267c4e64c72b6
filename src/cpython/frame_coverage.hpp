// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// The two copies of one frame's bytes, in order of time; `size` bytes follow each. Those of the innermost frames lie before
/// and after the pointer to the innermost one, those of outer frames both after it, in the same call. A null `first` means
/// the address is not covered.
struct FrameCopies {
    const std::byte* first = nullptr;
    const std::byte* second = nullptr;
    std::uint64_t size = 0;
};

/// Which buffer a copy lies in: the sweep's own, the one of a second call for this thread, or single frames fetched late.
enum class CopySource : std::uint8_t { kSweep, kSecondCall, kFetched };

/// Answers "do we hold the bytes at this address?" for one thread: a few data-stack ranges plus single frames that live
/// outside of them (generators, entry markers on the C stack; every frame before 3.11). Look-ups follow the call chain, so
/// the neighbour of the last hit is tried first; single frames have a small hash index for the rest.
class FrameCoverage {
  public:
    void clear();
    /// A contiguous range; `first` and `second` are offsets in the source's buffer.
    void add_range(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t first, std::uint32_t second);
    /// One frame outside every range.
    void add_frame(RemoteAddr frame, std::uint64_t size, CopySource source, std::uint32_t first, std::uint32_t second);
    void set_buffer(CopySource source, const std::byte* base) { buffers_[static_cast<std::size_t>(source)] = base; }

    [[nodiscard]] FrameCopies find(RemoteAddr frame, std::uint64_t size);
    /// Whether the first range holds it.
    [[nodiscard]] bool in_first_range(RemoteAddr address) const {
        return !ranges_.empty() && address.value - ranges_[0].start.value < ranges_[0].size;
    }
    /// The same bytes as another range holds them: copied at other moments. `frame` was found in the first range.
    [[nodiscard]] FrameCopies find_again(RemoteAddr frame, std::uint64_t size) const;
    [[nodiscard]] bool in_range(RemoteAddr address) const;
    /// Whether one range holds both.
    [[nodiscard]] bool in_one_range(RemoteAddr a, RemoteAddr b) const;
    [[nodiscard]] std::size_t frame_count() const { return frames_.size(); }
    void restart() { range_hint_ = frame_hint_ = 0; }

  private:
    struct Piece {
        RemoteAddr start;
        std::uint64_t size = 0;
        std::uint32_t first = 0;
        std::uint32_t second = 0;
        CopySource source = CopySource::kSweep;
    };
    [[nodiscard]] FrameCopies copies(const Piece& piece, std::uint64_t skip) const;
    void index_frame(std::uint32_t position);
    void grow_index();

    std::vector<Piece> ranges_;
    std::vector<Piece> frames_;
    std::vector<std::uint32_t> index_;  // open addressing: position + 1 in frames_, 0 = empty
    std::array<const std::byte*, 3> buffers_{};
    std::size_t range_hint_ = 0;
    std::size_t frame_hint_ = 0;
};

}  // namespace lampyr::cpython
