// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>

namespace lampyr::test {

enum class Fault : std::uint8_t {
    kNone,
    kFail,      ///< 0 bytes
    kTruncate,  ///< some, not all of the bytes
    kChange,    ///< all bytes, some of them wrong
};

/// Another memory with a fault in the n-th read (counted from 0), or in that and all later ones. What is cut and what
/// is changed follows from the seed, so a failure found can be repeated.
class FaultMemory final : public process::RemoteMemory {
  public:
    FaultMemory(const process::RemoteMemory& inner, Fault fault, std::uint64_t nth, std::uint64_t seed = 1)
        : inner_(inner), fault_(fault), nth_(nth), random_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

    void and_all_later() { later_too_ = true; }
    [[nodiscard]] std::uint64_t calls() const { return calls_; }

    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> segments,
                                            std::span<std::byte> out) const override {
        const std::uint64_t call = calls_++;
        const bool hit = later_too_ ? call >= nth_ : call == nth_;
        if (hit && fault_ == Fault::kFail) return 0;
        const std::size_t got = inner_.read_segments(segments, out);
        if (!hit || got == 0) return got;
        if (fault_ == Fault::kTruncate) return next() % got;
        if (fault_ == Fault::kChange) {
            const std::uint64_t changes = 1 + next() % 8;
            for (std::uint64_t i = 0; i < changes; ++i) out[next() % got] = static_cast<std::byte>(next() >> 56);
        }
        return got;
    }

  private:
    /// xorshift64*: small, and the same everywhere.
    std::uint64_t next() const {
        random_ ^= random_ >> 12;
        random_ ^= random_ << 25;
        random_ ^= random_ >> 27;
        return random_ * 0x2545F4914F6CDD1DULL;
    }

    const process::RemoteMemory& inner_;
    Fault fault_;
    std::uint64_t nth_;
    bool later_too_ = false;
    mutable std::uint64_t random_;
    mutable std::uint64_t calls_ = 0;
};

}  // namespace lampyr::test
