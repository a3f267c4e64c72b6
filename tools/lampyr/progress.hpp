// SPDX-License-Identifier: MIT
#pragma once

#include "messages.hpp"

#include <lampyr/sampler.hpp>

#include <string>

namespace lampyr::tool {

enum class ProgressStyle : std::uint8_t {
    kNone,   ///< quiet, or a program we started writes to the same terminal
    kLine,   ///< one line, redrawn
    kPlain,  ///< whole lines, the first after 10 s, then at doubling gaps up to 60 s
};

/// What suits the place standard error goes to.
[[nodiscard]] ProgressStyle choose_progress_style(Verbosity verbosity, bool terminal, bool capable, bool spawned);

/// "12.3 s / 60.0 s | 1,234 samples | 99.8 of 100 Hz | 4 threads | 2 late"
[[nodiscard]] std::string progress_text(const SamplerProgress& progress, const SamplerOptions& options);

/// Shows how a recording goes on. Never blocks: what standard error does not take at once is left out.
class Progress {
  public:
    Progress(ProgressStyle style, const SamplerOptions& options) : style_(style), options_(options) {}
    ~Progress() { erase(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void update(const SamplerProgress& progress);
    void erase();

  private:
    ProgressStyle style_;
    const SamplerOptions& options_;
    bool drawn_ = false;
    std::chrono::nanoseconds next_{std::chrono::seconds{10}};
    std::chrono::nanoseconds gap_{std::chrono::seconds{10}};
};

}  // namespace lampyr::tool
