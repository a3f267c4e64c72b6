// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// The two copies of one frame's bytes, in order of time; `size` bytes follow each. Those of the innermost frames lie before
/// and after the pointer to the innermost one. Outer frames are copied once, behind them; then both are the same bytes. A
/// null `first` means the address is not covered.
struct FrameCopies {
    const std::byte* first = nullptr;
    const std::byte* second = nullptr;
    std::uint64_t size = 0;
};

/// Which buffer a copy lies in: the sweep's own, the one of a second call for this thread, or single frames fetched late.
enum class CopySource : std::uint8_t { kSweep, kSecondCall, kFetched };

/// Answers "do we hold the bytes at this address?" for one thread: a few ranges of the data stack, plus blocks of memory in
/// which frames lie elsewhere (generators, entry markers on the C stack; every frame before 3.11). What was copied twice is
/// early, what was copied once behind that is late; where both hold a frame the early copies are found. Look-ups follow the
/// call chain, so the neighbour of the last hit is tried first.
class FrameCoverage {
  public:
    void clear();
    /// A contiguous part of the data stack; `first` and `second` are offsets in the source's buffer, equal for a late one.
    void add_range(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t first, std::uint32_t second);
    /// Memory that holds single frames. Of early and of late blocks each, add in ascending order, none overlapping.
    void add_block(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t first, std::uint32_t second);
    /// Frames of early blocks that were copied once more behind all late ones; ascending, too.
    void add_joint(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t offset);
    /// One frame nobody foresaw, read by itself.
    void add_frame(RemoteAddr frame, std::uint64_t size, CopySource source, std::uint32_t first, std::uint32_t second);
    /// Where frames are expected in the early blocks.
    void expect(std::span<const RemoteAddr> frames) { expected_.assign(frames.begin(), frames.end()); }
    [[nodiscard]] std::span<const RemoteAddr> expected() const { return expected_; }
    void set_buffer(CopySource source, const std::byte* base) { buffers_[static_cast<std::size_t>(source)] = base; }

    [[nodiscard]] FrameCopies find(RemoteAddr frame, std::uint64_t size);
    /// The late copy of what was copied early; null: there is none.
    [[nodiscard]] const std::byte* find_late(RemoteAddr frame, std::uint64_t size) const;
    /// Whether it was copied twice.
    [[nodiscard]] bool is_early(RemoteAddr address) const;
    /// Whether it lies on the data stack.
    [[nodiscard]] bool in_range(RemoteAddr address) const;
    /// Whether one range holds both.
    [[nodiscard]] bool in_one_range(RemoteAddr a, RemoteAddr b) const;
    void restart() { range_hint_ = block_hint_ = 0; }

  private:
    struct Piece {
        RemoteAddr start;
        std::uint64_t size = 0;
        std::uint32_t first = 0;
        std::uint32_t second = 0;
        CopySource source = CopySource::kSweep;
        // Unsigned: an address below the start wraps to a huge distance and fails the comparison.
        [[nodiscard]] bool holds(RemoteAddr address, std::uint64_t bytes) const {
            const std::uint64_t skip = address.value - start.value;
            return skip < size && bytes <= size - skip;
        }
        [[nodiscard]] bool late() const { return first == second; }
    };
    [[nodiscard]] FrameCopies copies(const Piece& piece, RemoteAddr frame) const;
    [[nodiscard]] static const Piece* find_block(const std::vector<Piece>& blocks, RemoteAddr frame,
                                                 std::uint64_t size);
    [[nodiscard]] const Piece* find_frame(RemoteAddr frame) const;
    void index_frame(std::uint32_t position);
    void grow_index();

    std::vector<RemoteAddr> expected_;
    std::vector<Piece> ranges_;
    std::vector<Piece> early_;
    std::vector<Piece> late_;
    std::vector<Piece> joints_;
    std::vector<Piece> frames_;
    std::vector<std::uint32_t> index_;  // open addressing: position + 1 in frames_, 0 = empty
    std::array<const std::byte*, 3> buffers_{};
    std::size_t range_hint_ = 0;
    std::size_t block_hint_ = 0;
};

}  // namespace lampyr::cpython
