// SPDX-License-Identifier: MIT
#pragma once

#include "process/unique_fd.hpp"

#include <lampyr/result.hpp>

#include <cstdint>
#include <string>

namespace lampyr::elf {

enum class Compression : std::uint8_t { kNone, kGzip, kZstd, kXz, kLz4, kBzip2 };

/// By the first bytes.
[[nodiscard]] Compression compression_of(int fd);

/// What a compressed core holds, in a file without a name that is gone with its descriptor: in $TMPDIR, else /var/tmp. Blocks
/// of zeros become holes. No more is unpacked than the core's own headers list, so a file that unpacks to more than a core
/// costs nothing. gzip and zstd; of others an error that says how to unpack them. `path` is for its words.
[[nodiscard]] Result<process::UniqueFd> unpack_core(int fd, Compression compression, const std::string& path);

}  // namespace lampyr::elf
