// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace lampyr {

enum class Format : std::uint8_t { kFlamegraph, kSpeedscope, kRaw, kChromeTrace, kPprof, kLampyr };
inline constexpr std::size_t kFormatCount = 6;

/// "flamegraph", "speedscope", "raw", "chrometrace", "pprof", "lampyr" (any case); nothing else.
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);
/// The format a file name asks for: .svg flamegraph, .json speedscope, .trace.json chrometrace, .pb.gz/.pprof pprof,
/// .txt/.folded/.raw raw, .lampyr lampyr.
[[nodiscard]] std::optional<Format> format_of_file(std::string_view path);
[[nodiscard]] std::string_view extension_of(Format format);  ///< without dot
[[nodiscard]] std::string_view to_string(Format format);
/// Whether the format shows when things happened, and so wants a profile with a timeline.
[[nodiscard]] bool shows_time(Format format);
/// Whether a file of the format is other than text.
[[nodiscard]] bool is_binary(Format format);

/// What a frame's label is made of.
enum class Lines : std::uint8_t {
    kLine,      ///< name (file:line)
    kFunction,  ///< name (file:first line), samples of one function are one frame
    kNone,      ///< name (file)
};

struct ExportOptions {
    Lines lines = Lines::kLine;
    bool threads = false;    ///< a thread frame at the root of each stack
    bool processes = false;  ///< a process frame at the root (several processes were recorded)
    bool full_filenames = false;
    std::string title{};  ///< pictures only; empty: made from the profile
};

/// Receives a file's bytes piece by piece; returns false to stop (a write failed).
class ByteSink {
  public:
    virtual ~ByteSink() = default;
    [[nodiscard]] virtual bool write(std::string_view bytes) = 0;
};

/// Writes the profile in a format. Deterministic: equal profiles give equal bytes. Fails when the sink does, and with
/// kUsage when the format shows what the profile does not know (chrometrace, times).
[[nodiscard]] Result<void> write_profile(const Profile& profile, Format format, const ExportOptions& options,
                                         ByteSink& sink);

}  // namespace lampyr
