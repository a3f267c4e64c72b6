// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/profile.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::profile {

/// The name of a stack without frames, where a frame has to stand.
inline constexpr std::string_view kNoFrames = "(no Python frames)";

/// `name (file:line)`; without a line `name (file)`, without a file `name`. Not escaped: text sinks do that.
[[nodiscard]] std::string location_label(std::string_view name, std::string_view file, std::uint32_t line);

/// The line a frame shows: its own, its function's first, or 0 for none.
[[nodiscard]] std::uint32_t shown_line(const Profile& profile, FrameId frame, Lines lines);

[[nodiscard]] std::string frame_label(const Profile& profile, FrameId frame, Lines lines, bool full_filenames);

/// `thread (TID): name`, `thread (TID)` without a name; the identifier in hexadecimal when the TID is not known.
[[nodiscard]] std::string thread_label(const Profile& profile, ThreadId thread);

/// `process PID:"command line"`.
[[nodiscard]] std::string process_label(const Profile& profile, ProcessId process);

}  // namespace lampyr::profile
