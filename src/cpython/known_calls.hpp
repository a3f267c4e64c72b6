// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lampyr::cpython {

/// The calls that were proven to happen in a process: which code was called from which instruction of which code. A stack that
/// changed while it was read is claimed if every doubtful step of it is a call known from here: such a stack happens.
/// Of fixed size; learning and asking allocate nothing.
class KnownCalls {
  public:
    KnownCalls() : slots_(kSlots), sites_(kSites) {}

    /// False: what is proven from now on is not remembered.
    void set_learning(bool learning) { learning_ = learning; }
    void learn(const RawFrame& caller, const RawFrame& callee);
    /// What needs no second look.
    void learn_for_sure(const RawFrame& caller, const RawFrame& callee);
    /// The caller was met waiting where it would wait for this callee, but not for it.
    void doubt(const RawFrame& caller, const RawFrame& callee);
    /// Whether this call was proven three times, and often enough beside the doubts: one proof in many thousands is false.
    [[nodiscard]] bool knows(const RawFrame& caller, const RawFrame& callee) const;
    /// Whether calls from where `caller` stands were proven three times.
    [[nodiscard]] bool is_call(const RawFrame& caller) const;
    /// Puts `caller` where it calls this callee from, if that is one place as far as is known. False: it stays where it is.
    bool put_at_call(RawFrame& caller, const RawFrame& callee) const;
    /// One step of a doubtful stack is known to happen. `apart`: its caller was copied at another moment, and is put at the call.
    bool recognise(RawFrame& caller, const RawFrame& callee, bool apart) const {
        return knows(caller, callee) || (apart && put_at_call(caller, callee));
    }
    void forget() {
        slots_.assign(kSlots, Slot{});
        sites_.assign(kSites, Site{});
        used_ = 0;
    }
    /// Grows whenever something new was learned.
    [[nodiscard]] std::uint64_t version() const { return version_; }

  private:
    static constexpr std::size_t kSlots = 1U << 16;
    static constexpr std::size_t kSites = 1U << 13;
    static constexpr std::uint32_t kEnough = 3;
    static constexpr std::uint64_t kDoubtsPerProof = 32;
    struct Slot {
        std::uint64_t key = 0;
        std::uint32_t proofs = 0;  ///< counted as far as needed
        std::uint32_t doubts = 0;
    };
    /// From where code calls code. Of two pairs that want the same place the later stays.
    struct Site {
        std::uint64_t key = 0;
        std::array<RawFrame, 2> callers;
        std::uint32_t count = 0;  ///< more than two: too many to tell
    };
    [[nodiscard]] static std::uint64_t key_of(const RawFrame& caller, const RawFrame& callee);
    /// The slot of a key, or the free one where it belongs.
    [[nodiscard]] std::size_t find(std::uint64_t key) const;
    [[nodiscard]] static bool proven(const Slot& slot) {
        return slot.proofs >= kEnough && slot.proofs * kDoubtsPerProof >= slot.doubts;
    }
    void add(const RawFrame& caller, const RawFrame& callee);
    Slot& claim(std::uint64_t key);
    [[nodiscard]] static std::uint64_t site_key(const RawFrame& caller, const RawFrame& callee);
    void note_site(const RawFrame& caller, const RawFrame& callee);
    /// True: it was not known well enough until now.
    bool count(std::uint64_t key);

    std::vector<Slot> slots_;
    std::vector<Site> sites_;
    std::size_t used_ = 0;
    std::uint64_t version_ = 0;
    bool learning_ = true;
};

}  // namespace lampyr::cpython
