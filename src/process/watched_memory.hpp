// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace lampyr::process {

/// What was read of a process, to be read once more: as long as the same is there, what was made of it holds.
class ReadProof {
  public:
    /// What is read beyond this is not kept: the kernel takes so many ranges in one call (IOV_MAX).
    static constexpr std::size_t kMostSegments = 1024;
    static constexpr std::size_t kMostBytes = 1U << 16;

    void add(RemoteSegment segment, std::span<const std::byte> bytes);
    void append(const ReadProof& other);
    [[nodiscard]] bool empty() const { return segments_.empty(); }
    /// Whether all of it, and there is some, is the same when it is read again, by one call. `scratch` keeps its memory between calls.
    [[nodiscard]] bool holds(const RemoteMemory& memory, std::vector<std::byte>& scratch) const;

  private:
    std::vector<RemoteSegment> segments_;
    std::vector<std::byte> bytes_;
};

/// Another memory, of which every read is noted while that is asked for.
class WatchedMemory final : public RemoteMemory {
  public:
    /// `memory` must outlive it.
    explicit WatchedMemory(const RemoteMemory& memory) : memory_(memory) {}

    void start() {
        watching_ = true;
        proof_ = {};
    }
    /// Ends it: what was read since `start`.
    [[nodiscard]] ReadProof take() {
        watching_ = false;
        return std::exchange(proof_, {});
    }

    [[nodiscard]] bool is_living() const override { return memory_.is_living(); }
    [[nodiscard]] std::size_t read_segments(std::span<const RemoteSegment> segments,
                                            std::span<std::byte> out) const override;

  private:
    const RemoteMemory& memory_;
    bool watching_ = false;
    mutable ReadProof proof_;  // a note on what was read, not a part of the memory
};

}  // namespace lampyr::process
