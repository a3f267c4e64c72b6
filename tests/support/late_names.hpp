// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"
#include "support/child.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

namespace lampyr::test {

/// The memory of a program as a careless reader finds it: half of the time the frame of one function has become that of
/// another by the time its code is looked at. A program that is stopped gives true answers, as it would to that reader.
class LateNames final : public process::RemoteMemory {
  public:
    /// What a frame of a function holds, and where in the frame.
    struct Function {
        std::uint64_t code = 0;
        std::uint64_t instruction = 0;
    };
    LateNames(const process::RemoteMemory& inner, Pid pid, Function early, Function late,
              std::size_t from_code_to_instruction)
        : inner_(inner), pid_(pid), early_(early), late_(late), step_(from_code_to_instruction) {}

    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> segments,
                                            std::span<std::byte> out) const override {
        const std::size_t got = inner_.read_segments(segments, out);
        const char state = thread_state(pid_, Tid(pid_.value));
        if (state == 't' || state == 'T' || random_() % 2 == 0) return got;
        for (std::size_t at = 0; at + step_ + sizeof early_.code <= got; ++at) {
            std::uint64_t word = 0;
            std::memcpy(&word, out.data() + at, sizeof word);
            if ((word & ~kTags) != early_.code) continue;
            word = late_.code | (word & kTags);
            std::memcpy(out.data() + at, &word, sizeof word);
            std::memcpy(out.data() + at + step_, &late_.instruction, sizeof late_.instruction);
        }
        return got;
    }

  private:
    static constexpr std::uint64_t kTags = 7;  // 3.14+ keeps flags in the low bits of a reference

    const process::RemoteMemory& inner_;
    Pid pid_;
    Function early_;
    Function late_;
    std::size_t step_;
    mutable std::minstd_rand random_{7};
};

}  // namespace lampyr::test
