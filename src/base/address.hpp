// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace lampyr {

/// An address in the target's memory. Never dereferenced here; only `process::RemoteMemory` turns it into bytes.
struct RemoteAddr {
    std::uint64_t value = 0;

    constexpr RemoteAddr() = default;
    constexpr explicit RemoteAddr(std::uint64_t address) : value(address) {}

    [[nodiscard]] constexpr bool is_null() const { return value == 0; }
    /// Python objects and frames are at least 8-byte aligned; anything else is not one.
    [[nodiscard]] constexpr bool is_aligned(std::uint64_t alignment = 8) const { return value % alignment == 0; }
    /// Plausible user-space pointer on 64-bit Linux: not in the first page, not in the kernel half.
    [[nodiscard]] constexpr bool is_plausible() const { return value >= 0x1000 && value < (1ULL << 56); }

    friend constexpr RemoteAddr operator+(RemoteAddr a, std::uint64_t n) { return RemoteAddr(a.value + n); }
    friend constexpr RemoteAddr operator-(RemoteAddr a, std::uint64_t n) { return RemoteAddr(a.value - n); }
    friend constexpr std::uint64_t operator-(RemoteAddr a, RemoteAddr b) { return a.value - b.value; }
    friend constexpr auto operator<=>(RemoteAddr, RemoteAddr) = default;
};

}  // namespace lampyr

template <>
struct std::hash<lampyr::RemoteAddr> {
    std::size_t operator()(lampyr::RemoteAddr a) const noexcept {
        // Pointers share their low and high bits; a multiplicative mix spreads the middle.
        return static_cast<std::size_t>((a.value >> 4) * 0x9E3779B97F4A7C15ULL);
    }
};
