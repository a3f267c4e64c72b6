// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

// Opaque here: their headers stay in the source file.
struct z_stream_s;
struct ZSTD_DCtx_s;

namespace lampyr::elf {

enum class UnpackStatus : std::uint8_t {
    kMore,     ///< goes on with further input or room
    kEnd,      ///< a member is complete; another may follow
    kDamaged,  ///< or made with a larger window than is given to it
    kNoMemory,
};

/// What one step took and gave.
struct UnpackStep {
    std::size_t taken = 0;
    std::size_t given = 0;
    UnpackStatus status = UnpackStatus::kMore;
};

/// Unpacks a gzip or zstd stream of one or several members piece by piece. Pieces are below 4 GiB.
class StreamUnpacker {
  public:
    enum class Format : std::uint8_t { kGzip, kZstd };
    explicit StreamUnpacker(Format format);

    [[nodiscard]] UnpackStep step(std::span<const std::byte> in, std::span<std::byte> out);

  private:
    struct Closer {
        void operator()(z_stream_s* stream) const;
        void operator()(ZSTD_DCtx_s* stream) const;
    };
    [[nodiscard]] UnpackStep step_gzip(std::span<const std::byte> in, std::span<std::byte> out);
    [[nodiscard]] UnpackStep step_zstd(std::span<const std::byte> in, std::span<std::byte> out);

    std::unique_ptr<z_stream_s, Closer> gzip_;  // one of the two; neither: no memory
    std::unique_ptr<ZSTD_DCtx_s, Closer> zstd_;
};

}  // namespace lampyr::elf
