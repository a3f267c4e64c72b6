// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/profile_sink.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr {

/// What a profile was read from.
enum class SourceFormat : std::uint8_t {
    kLampyr,
    kRaw,     ///< folded stacks of lampyr, py-spy and others, counted
    kAustin,  ///< folded stacks with Austin's frames; the metric is microseconds
    kSpeedscope,
    kPprof,
};
[[nodiscard]] std::string_view to_string(SourceFormat format);

struct ReadLimits {
    std::uint64_t memory = std::uint64_t{4} << 30;  ///< bytes a profile may need; more is an error
};

/// A profile from outside. Every id is in range, every text is UTF-8, and sums fit their type.
struct ReadProfile {
    Profile profile;
    SourceFormat format = SourceFormat::kLampyr;
    bool complete = true;           ///< false: the file ends before the recording did
    std::optional<StopReason> end;  ///< how the recording ended, where the file says it
    std::uint64_t bytes_cut = 0;    ///< at the end of the file that could not be used
    /// What a reader should know, each a sentence; safe for a terminal.
    std::vector<std::string> notes;
};

/// Reads a profile from a file's bytes; the bytes decide which format it is, not the name. Bad input is kCorrupt.
[[nodiscard]] Result<ReadProfile> parse_profile(std::string_view bytes, const ReadLimits& limits = {});

/// The same from a file. "-" is standard input.
[[nodiscard]] Result<ReadProfile> read_profile(const std::string& path, const ReadLimits& limits = {});

/// Reads one file after the other; the memory of one serves the next. For one thread.
class ProfileReader {
  public:
    explicit ProfileReader(const ReadLimits& limits = {});
    ProfileReader(ProfileReader&&) noexcept;
    ProfileReader& operator=(ProfileReader&&) noexcept;
    ~ProfileReader();

    [[nodiscard]] Result<ReadProfile> read(const std::string& path);
    /// Gives back a profile that is not needed any more.
    void reuse(Profile&& profile);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lampyr
