// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace lampyr::profile::file {

/// The bytes every file begins with.
[[nodiscard]] std::string file_header();

/// Frames messages as blocks: header with sizes and checksum, payload compressed. Keeps its compressor and buffer.
class BlockPacker {
  public:
    [[nodiscard]] static Result<BlockPacker> make();
    BlockPacker(BlockPacker&&) noexcept;
    BlockPacker& operator=(BlockPacker&&) noexcept;
    ~BlockPacker();

    /// The block of a message of at most kMaxMessage bytes; valid until the next call.
    [[nodiscard]] std::string_view pack(std::string_view message);

  private:
    struct Compressor;
    explicit BlockPacker(std::unique_ptr<Compressor> compressor);
    std::unique_ptr<Compressor> compressor_;
    std::string block_;
};

}  // namespace lampyr::profile::file
