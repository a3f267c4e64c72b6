// SPDX-License-Identifier: MIT
#include "profile/labels.hpp"

#include <fmt/format.h>

namespace lampyr::profile {

std::string location_label(std::string_view name, std::string_view file, std::uint32_t line) {
    if (file.empty()) return std::string(name);
    if (line == 0) return fmt::format("{} ({})", name, file);
    return fmt::format("{} ({}:{})", name, file, line);
}

std::uint32_t shown_line(const Profile& profile, FrameId frame, Lines lines) {
    switch (lines) {
        case Lines::kLine: return profile.frames[frame.value].line;
        case Lines::kFunction: return profile.function(frame).first_line;
        case Lines::kNone: break;
    }
    return 0;
}

std::string frame_label(const Profile& profile, FrameId frame, Lines lines, bool full_filenames) {
    const Function& function = profile.function(frame);
    const StringId file = full_filenames ? function.file : function.short_file;
    return location_label(profile.string(function.name), profile.string(file), shown_line(profile, frame, lines));
}

std::string thread_label(const Profile& profile, ThreadId id) {
    const Thread& thread = profile.threads[id.value];
    const std::string number =
        thread.os_tid.value != 0 ? fmt::format("{}", thread.os_tid.value) : fmt::format("{:#x}", thread.ident);
    const std::string& name = profile.string(thread.name);
    return name.empty() ? fmt::format("thread ({})", number) : fmt::format("thread ({}): {}", number, name);
}

std::string process_label(const Profile& profile, ProcessId id) {
    const Process& process = profile.processes[id.value];
    return fmt::format("process {}:\"{}\"", process.pid.value, profile.string(process.command_line));
}

}  // namespace lampyr::profile
