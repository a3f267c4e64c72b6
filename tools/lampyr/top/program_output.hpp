// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>
#include <lampyr/target.hpp>

#include <array>
#include <cstdint>

namespace lampyr::tool {

/// What a program writes to the terminal while that shows a screen: kept in files without a name, and passed on when the
/// screen is gone. What it writes elsewhere goes there as always. Its standard input is empty: the keys are ours.
class ProgramOutput {
  public:
    ProgramOutput() = default;
    ~ProgramOutput();
    ProgramOutput(const ProgramOutput&) = delete;
    ProgramOutput& operator=(const ProgramOutput&) = delete;

    /// Streams to start the program with.
    [[nodiscard]] Result<ProgramStreams> keep();
    /// Writes what came since the last time where it was meant to go.
    void pass_on();

  private:
    struct Kept {
        int file = -1;
        std::int64_t passed = 0;
    };
    int empty_ = -1;
    std::array<Kept, 2> kept_{};  // standard output and error
};

}  // namespace lampyr::tool
