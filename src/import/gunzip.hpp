// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::importer {

[[nodiscard]] inline bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

/// What was gzipped, at most `most` bytes of it; more, and anything that is not whole, is kCorrupt.
[[nodiscard]] Result<std::string> gunzip(std::string_view bytes, std::uint64_t most);

}  // namespace lampyr::importer
