// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <cstdint>
#include <string>

namespace lampyr::importer {

/// All of a file, which may be a pipe; "-" is standard input. More than `most` bytes are an error.
[[nodiscard]] Result<std::string> read_bytes(const std::string& path, std::uint64_t most);

}  // namespace lampyr::importer
