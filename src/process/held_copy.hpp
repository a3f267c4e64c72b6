// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace lampyr::process {

/// What is copied of a program while threads of it are held: ranges that are known before, and one (a machine stack) that is known
/// only then. What is held does not change, so all of it is one read, no byte is read twice, in whatever order and however often
/// it is asked for afterwards. Use: `plan`, hold, `take`, let go, `find`.
class HeldCopy {
  public:
    /// Forgets the copy; `ranges` come with the next one, and there is room for so many bytes more. May allocate.
    void plan(std::span<const RemoteSegment> ranges, std::size_t room);
    /// While threads are held. `last` may be longer than what can be read; it is cut off to the room there is. False: not all of
    /// the ranges could be read, and nothing is in the copy.
    bool take(const RemoteMemory& memory, RemoteSegment last);

    void forget() { taken_ = false; }
    [[nodiscard]] bool taken() const { return taken_; }
    /// Null: it is not in the copy, not as one piece.
    [[nodiscard]] const std::byte* find(RemoteSegment range) const;
    /// As much of the last range as could be read.
    [[nodiscard]] std::span<const std::byte> last() const { return {bytes_.data() + last_offset_, last_size_}; }

  private:
    std::vector<RemoteSegment> ranges_;  // by address, none overlaps another
    std::vector<RemoteSegment> read_;    // of these what is not in the last one, and that
    std::vector<std::size_t> offsets_;   // parallel to `read_`, in `bytes_`
    std::vector<std::byte> bytes_;
    std::size_t room_ = 0;
    std::size_t last_offset_ = 0;
    std::size_t last_size_ = 0;
    bool taken_ = false;
};

}  // namespace lampyr::process
