// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include "figures.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace lampyr::tool {

ProgressStyle choose_progress_style(Verbosity verbosity, bool terminal, bool capable, bool spawned) {
    if (verbosity == Verbosity::kQuiet || (spawned && terminal)) return ProgressStyle::kNone;
    return capable ? ProgressStyle::kLine : ProgressStyle::kPlain;
}

std::string progress_text(const SamplerProgress& progress, const SamplerOptions& options) {
    const auto seconds = [](std::chrono::nanoseconds time) {
        return fmt::format("{:.1f}", std::chrono::duration<double>(time).count());
    };
    std::string text = seconds(progress.elapsed);
    if (options.duration) text += " / " + seconds(*options.duration);
    text +=
        fmt::format(" s | {} | {} of {} Hz | {}", plural(progress.stacks, "sample"), format_rate(progress.rate_got_hz),
                    format_rate(options.rate_hz), plural(progress.threads, "thread"));
    for (std::size_t i = 0; i < kLossCount; ++i) {
        if (progress.losses[i] == 0) continue;
        text += fmt::format(" | {} {}", format_count(progress.losses[i]), to_string(static_cast<Loss>(i)));
    }
    return text;
}

void Progress::update(const SamplerProgress& progress) {
    if (style_ == ProgressStyle::kNone) return;
    const std::string text = "lampyr: " + progress_text(progress, options_);
    if (style_ == ProgressStyle::kLine) {
        // One column is kept free: a terminal that wraps at the last column would scroll.
        const std::size_t width = std::max<std::size_t>(terminal_width(STDERR_FILENO), 2) - 1;
        write_if_ready(STDERR_FILENO, fmt::format("\r\x1b[K{}", text.substr(0, width)));
        drawn_ = true;
    } else if (progress.elapsed >= next_) {
        write_if_ready(STDERR_FILENO, text + "\n");
        gap_ = std::min<std::chrono::nanoseconds>(gap_ * 2, std::chrono::seconds{60});
        next_ = progress.elapsed + gap_;
    }
}

void Progress::erase() {
    if (std::exchange(drawn_, false)) write_if_ready(STDERR_FILENO, "\r\x1b[K");
}

}  // namespace lampyr::tool
