// SPDX-License-Identifier: MIT
#include "messages.hpp"

#include "terminal.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace lampyr::tool {
namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kReset = "\x1b[0m";

}  // namespace

Messages::Messages(Verbosity verbosity, ColourChoice colour)
    : verbosity_(verbosity), colour_(use_colour(colour, STDERR_FILENO)) {}

void Messages::say(std::string_view mark, std::string_view code, std::string_view text) const {
    const bool paint = colour_ && !code.empty();
    const std::string line = fmt::format("{}lampyr:{} {}{}\n", paint ? code : "", paint ? kReset : "", mark, text);
    static_cast<void>(write_all(STDERR_FILENO, line));
}

void Messages::error(const Error& error) const {
    std::string text = error.message;
    if (!error.hint.empty()) text += "\n  " + error.hint;
    say("", kRed, text);
}

void Messages::warning(std::string_view text) const {
    if (!quiet()) say("warning: ", kYellow, text);
}

void Messages::note(std::string_view text) const {
    if (!quiet()) say("", "", text);
}

void Messages::detail(std::string_view text) const {
    if (verbosity_ == Verbosity::kVerbose) say("", "", text);
}

void Messages::block(std::string_view lines) const {
    if (!quiet()) static_cast<void>(write_all(STDERR_FILENO, lines));
}

}  // namespace lampyr::tool
