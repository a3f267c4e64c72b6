// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::profile::file {

template <typename Int>
void append_little_endian(std::string& bytes, Int value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        bytes += static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

/// The number at `offset`; the caller has seen that it is there.
template <typename Int>
[[nodiscard]] Int read_little_endian(std::string_view bytes, std::size_t offset) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Int); ++i)
        value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i);
    return static_cast<Int>(value);
}

}  // namespace lampyr::profile::file
