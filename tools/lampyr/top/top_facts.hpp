// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/sampler.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace lampyr::tool {

/// What the head of the screen says. Shares are of the time since the last table, 0 to 1 and more.
struct TopFacts {
    std::string who{};  ///< the program; not yet safe for a terminal
    std::chrono::nanoseconds elapsed{0};
    double rate_asked_hz = 0;
    double rate_got_hz = 0;
    std::uint64_t samples = 0;  ///< since the start
    std::uint64_t ticks = 0;
    std::array<std::uint64_t, kLossCount> losses{};  ///< since the start
    std::uint32_t processes = 0;
    std::uint32_t threads = 0;
    double active = 0;    ///< threads that were on a CPU, on average
    double idle = 0;      ///< threads that were not
    double gil_held = 0;  ///< of the looks at a process, those in which a thread held the GIL
    double gil_wait = 0;  ///< threads that waited for the GIL, on average
    double cpu = 0;       ///< of one CPU, as the kernel counts the processes
    double own_cpu = 0;   ///< of one CPU, lampyr's
    std::uint64_t rss_bytes = 0;
    std::chrono::nanoseconds window{0};  ///< what `now` in the table covers
    std::chrono::nanoseconds since{0};   ///< what `all` covers
    bool idle_included = false;
    bool gil_only = false;
    bool starting = false;  ///< no process is Python yet
    std::string ended{};    ///< why it is over; empty: it goes on
};

/// Turns counts since the start into what happened between two looks at them.
class Rates {
  public:
    /// The figures of `facts` that come from `now` and what is remembered of the last call.
    void look(const SamplerProgress& now, TopFacts& facts);

  private:
    SamplerProgress before_;
    TopFacts last_;
};

}  // namespace lampyr::tool
