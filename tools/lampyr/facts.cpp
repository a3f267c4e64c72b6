// SPDX-License-Identifier: MIT
#include "facts.hpp"

#include "default_name.hpp"
#include "figures.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

namespace lampyr::tool {

std::string who(const Profile& profile) {
    if (profile.processes.empty()) return "no process";
    if (profile.processes.size() > 1) return fmt::format("{} processes", profile.processes.size());
    const Process& process = profile.processes.front();
    return fmt::format("{} (process {}, Python {})", program_name(profile.string(process.command_line)),
                       process.pid.value, terminal_safe(profile.string(process.python_version)));
}

std::string losses_text(const ProfileInfo& info) {
    std::string text;
    for (std::size_t i = 0; i < kLossCount; ++i) {
        const auto cause = static_cast<Loss>(i);
        if (info.losses[i] == 0) continue;
        const std::uint64_t whole = cause == Loss::kLate ? info.ticks + info.losses[i] : info.stacks;
        text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", format_count(info.losses[i]), to_string(cause),
                            format_share(static_cast<double>(info.losses[i]), static_cast<double>(whole)));
    }
    return text.empty() ? "none" : text;
}

std::string cut_text(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end) + "...";
}

}  // namespace lampyr::tool
