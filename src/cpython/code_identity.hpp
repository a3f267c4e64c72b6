// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/py_string.hpp"
#include "process/remote_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lampyr::cpython {

/// What proves that an address still holds the code object whose name was read there: the interpreter reuses addresses of
/// freed ones. Covers type, first line, size of the bytecode, the pointers to name, file, line table and bytecode, and
/// lengths and first bytes of name, file and line table themselves, since those addresses are reused too. Leaves out what
/// changes in a living object (reference counts, specialised instructions, caches of hashes and encodings).
///
/// Use: put `proof_segments()` of many code objects into one read, hand each its `proof_bytes()` of the result.
class CodeIdentity {
  public:
    CodeIdentity() = default;

    [[nodiscard]] std::span<const process::RemoteSegment> proof_segments() const {
        return {segments_.data(), segment_count_};
    }
    /// Total of the segments' sizes; at most `kMaxProofBytes`.
    [[nodiscard]] std::size_t proof_bytes() const { return bytes_; }
    /// `bytes_read`: the segments, one behind the other. False also when they are not complete.
    [[nodiscard]] bool still_same(std::span<const std::byte> bytes_read) const;

    static constexpr std::size_t kMaxProofBytes = 1024;

    /// Describes what to compare; `accept` then fixes the values to compare with. Null `line_table`: leave it out.
    [[nodiscard]] static CodeIdentity describe(const Layout& layout, RemoteAddr code, const TextPlace& name,
                                               RemoteAddr name_object, const TextPlace& file, RemoteAddr file_object,
                                               RemoteAddr line_table, std::size_t line_table_size);
    void accept(std::span<const std::byte> bytes_read) { digest_ = digest(bytes_read); }

  private:
    struct Part {
        std::uint16_t offset = 0;  // in the concatenated bytes
        std::uint16_t size = 0;
    };
    [[nodiscard]] std::uint64_t digest(std::span<const std::byte> bytes_read) const;
    void add_segment(RemoteAddr address, std::size_t size);
    /// The part [address, address + size) of the segment added last.
    void add_part(RemoteAddr address, std::size_t size);
    void add_text(const Layout& layout, RemoteAddr object, const TextPlace& place, std::size_t limit);

    std::array<process::RemoteSegment, 6> segments_{};
    std::array<Part, 18> parts_{};
    std::uint32_t segment_count_ = 0;
    std::uint32_t part_count_ = 0;
    std::uint32_t bytes_ = 0;
    std::uint64_t digest_ = 0;
};

}  // namespace lampyr::cpython
