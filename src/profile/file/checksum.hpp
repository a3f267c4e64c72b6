// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>

namespace lampyr::profile::file {

/// CRC-32 as zlib, gzip and PNG have it, of texts that follow one another.
[[nodiscard]] inline std::uint32_t checksum(std::string_view first, std::string_view second = {}) {
    const auto add = [](uLong sum, std::string_view bytes) {
        if (bytes.empty()) return sum;  // a null pointer would mean "begin anew"
        return ::crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    };
    return static_cast<std::uint32_t>(add(add(0, first), second));
}

}  // namespace lampyr::profile::file
