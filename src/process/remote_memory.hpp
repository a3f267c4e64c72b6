// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace lampyr::process {

/// One remote range of an ordered read. Same layout as `struct iovec`, so a list of these goes to the kernel as it is.
struct RemoteSegment {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};

/// The seam between "bytes of some process" and everything that understands them. Live, recorded, core-file, fake and
/// fault-injecting memories implement the one virtual; nothing above knows where bytes come from.
class RemoteMemory {
  public:
    virtual ~RemoteMemory() = default;
    /// Whether the program may run while it is read.
    [[nodiscard]] virtual bool is_living() const { return false; }
    RemoteMemory() = default;
    RemoteMemory(const RemoteMemory&) = delete;
    RemoteMemory& operator=(const RemoteMemory&) = delete;

    /// Copies the segments, in order, one behind the other into `out` (which must hold their total). Stops at the first
    /// byte that cannot be read. Returns the bytes copied; a segment that fails contributes none of its bytes or a
    /// prefix of them. Allocates nothing. Order is a promise: sampling depends on it.
    [[nodiscard]] virtual std::size_t read_segments(std::span<const RemoteSegment> segments,
                                                    std::span<std::byte> out) const = 0;

    /// All of `out` or false.
    [[nodiscard]] bool read(RemoteAddr address, std::span<std::byte> out) const {
        const RemoteSegment segment{address.value, out.size()};
        return read_segments({&segment, 1}, out) == out.size();
    }

    /// As many leading bytes as can be read.
    [[nodiscard]] std::size_t read_prefix(RemoteAddr address, std::span<std::byte> out) const {
        const RemoteSegment segment{address.value, out.size()};
        return read_segments({&segment, 1}, out);
    }

    template <typename T>
    [[nodiscard]] std::optional<T> read_value(RemoteAddr address) const {
        static_assert(std::is_trivially_copyable_v<T>);
        T value;
        if (!read(address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
        return value;
    }

    [[nodiscard]] std::optional<RemoteAddr> read_pointer(RemoteAddr address) const {
        const auto raw = read_value<std::uint64_t>(address);
        if (!raw) return std::nullopt;
        return RemoteAddr(*raw);
    }
};

}  // namespace lampyr::process
