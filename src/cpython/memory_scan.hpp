// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// Reads ranges of a target piece by piece and shows each piece to a visitor. Pieces overlap by `overlap` bytes, so a
/// thing of that size is whole in one of them. Pages that cannot be read are skipped. The bytes of all runs together are
/// limited, because the ranges come from the target.
class MemoryScan {
  public:
    explicit MemoryScan(const process::RemoteMemory& memory, std::size_t overlap, std::uint64_t limit = 64U << 20)
        : memory_(memory), overlap_(overlap), left_(limit), buffer_(kPiece) {}

    /// `visit(RemoteAddr, std::span<const std::byte>) -> bool`; false ends the run.
    template <typename Visit>
    void run(RemoteAddr start, std::uint64_t size, Visit&& visit) {
        size = std::min(size, left_);
        left_ -= size;
        for (std::uint64_t at = 0; at < size;) {
            const auto wanted = std::span(buffer_).first(std::min<std::uint64_t>(kPiece, size - at));
            const std::size_t got = memory_.read_prefix(start + at, wanted);
            if (got > 0 && !visit(start + at, std::span<const std::byte>(wanted.first(got)))) return;
            if (got < wanted.size())
                at = (at + got) / kPage * kPage + kPage;
            else
                at += got > overlap_ && at + got < size ? got - overlap_ : got;
        }
    }

  private:
    static constexpr std::size_t kPiece = 256U << 10;
    static constexpr std::uint64_t kPage = 4096;

    const process::RemoteMemory& memory_;
    std::size_t overlap_;
    std::uint64_t left_;
    std::vector<std::byte> buffer_;
};

}  // namespace lampyr::cpython
