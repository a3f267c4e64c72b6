// SPDX-License-Identifier: MIT
#pragma once

#include "option_values.hpp"

#include <lampyr/error.hpp>

#include <string_view>

namespace lampyr::tool {

enum class Verbosity : std::uint8_t { kQuiet, kNormal, kVerbose };

/// What lampyr says about itself: always on standard error, always `lampyr: ` first, so that standard output stays
/// free for data and a program sharing the terminal can be told from us. The caller makes foreign text safe.
class Messages {
  public:
    Messages(Verbosity verbosity, ColourChoice colour);

    void error(const Error& error) const;  ///< said even when quiet
    void warning(std::string_view text) const;
    void note(std::string_view text) const;
    void detail(std::string_view text) const;  ///< only when verbose
    void block(std::string_view lines) const;  ///< several finished lines, as one write

    [[nodiscard]] Verbosity verbosity() const { return verbosity_; }
    [[nodiscard]] bool quiet() const { return verbosity_ == Verbosity::kQuiet; }
    [[nodiscard]] bool colour() const { return colour_; }

  private:
    void say(std::string_view mark, std::string_view code, std::string_view text) const;

    Verbosity verbosity_;
    bool colour_;
};

}  // namespace lampyr::tool
