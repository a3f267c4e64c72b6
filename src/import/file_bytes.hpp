// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <cstdint>
#include <string>

namespace lampyr::importer {

/// All of a file in `bytes`, whose memory is used again. The file may be a pipe; "-" is standard input. More than `most` bytes
/// are an error.
[[nodiscard]] Result<void> read_bytes(const std::string& path, std::uint64_t most, std::string& bytes);

}  // namespace lampyr::importer
