// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/code_object.hpp"
#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "process/remote_memory.hpp"
#include "profile/builder.hpp"
#include "sampler/file_names.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace lampyr::sampler {

/// Names and lines of code objects, by address. A code object may be freed and its address used again, so an entry is
/// only trusted after it was proven: its identifying fields are read again and compared (`prove`). One entry's frames are
/// interned once; afterwards a frame is two array look-ups.
class CodeCache {
  public:
    CodeCache(const process::RemoteMemory& memory, const cpython::Layout& layout, profile::Builder& builder,
              FileNames& files);

    enum class Kind : std::uint8_t {
        kFrame,       ///< `frame` is set
        kReused,      ///< code objects are being freed and their addresses used again; it may be another by now
        kIncomplete,  ///< the frame is being set up and runs no code of its own yet
        kBad,         ///< no code object there
    };
    struct Resolved {
        Kind kind = Kind::kBad;
        FrameId frame;
    };
    /// The frame's function at its line. Reads the target only for a code object not seen before.
    Resolved resolve(const cpython::RawFrame& frame);

    /// Whether the frame can be waiting for a callee: it stands at an instruction of its code, and not at one that leaves it.
    bool can_be_calling(const cpython::RawFrame& frame);

    /// Reads the identity of these frames' code objects again, all in one call. Entries that are no longer what they were
    /// are dropped. `generation`: the interpreter's count of freed code objects; while it stands
    /// still nothing needs to be read (0: not published). Entries that have long been what they are wait for `check_waiting`:
    /// what is the same then was the same in between.
    void prove(std::span<const cpython::RawFrame> frames, std::uint64_t generation, std::chrono::nanoseconds now);

    /// Some frames since the last check were resolved by entries that have not been proven again.
    [[nodiscard]] bool some_wait() const { return !waiting_.empty(); }
    /// Proves those entries, as far as the target is still there. Returns the functions whose names may have been lent to another code object since the last
    /// check; valid until the next call.
    [[nodiscard]] std::span<const FunctionId> check_waiting();

    /// Addresses of code objects were used again a short while ago. An address then says nothing about what was there before.
    [[nodiscard]] bool reuse_expected() const;

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        cpython::CodeObject code;
        FunctionId function;
        std::vector<std::uint32_t> frame_at;  // FrameId + 1 by bytecode unit; 0: not interned yet
        std::uint64_t proven_generation = 0;
        std::uint64_t proven_round = 0;
        std::uint64_t read_round = 0;
        std::chrono::nanoseconds known_since{0};
        bool settled = false;
        bool waits = false;
    };

    struct Proof {
        RemoteAddr code;
        Entry* entry = nullptr;
        bool read = false;  ///< else it could not be
        bool same = false;
    };

    Entry* find_or_read(RemoteAddr code);
    void prove_entries();
    void read_proofs(std::span<Proof> proofs);
    bool still_runs(const cpython::RawFrame& frame, const Entry& entry);
    [[nodiscard]] std::optional<std::uint32_t> offset_in(const Entry& entry, const cpython::RawFrame& frame) const;

    const process::RemoteMemory& memory_;
    const cpython::Layout& layout_;
    profile::Builder& builder_;
    FileNames& files_;
    std::unordered_map<RemoteAddr, std::unique_ptr<Entry>> entries_;
    std::uint64_t round_ = 0;
    std::chrono::nanoseconds now_{0};
    std::optional<std::chrono::nanoseconds> last_reuse_;  // when an address was last found to be used again
    RemoteAddr code_type_;
    std::span<const std::uint8_t> leaving_;

    std::vector<process::RemoteSegment> proof_segments_;
    std::vector<std::byte> proof_bytes_;
    std::vector<Proof> proofs_;
    std::vector<std::pair<RemoteAddr, FunctionId>> waiting_;
    std::vector<FunctionId> changed_;
};

}  // namespace lampyr::sampler
