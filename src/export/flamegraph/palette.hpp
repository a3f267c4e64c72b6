// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <cstdint>
#include <string_view>

namespace lampyr::exporter {

inline constexpr std::size_t kKinds = 6;
inline constexpr std::size_t kShades = 5;

/// Colours say what kind of code a frame is: one hue and one band of lightness a kind, so that the kinds stay apart for
/// colour-blind eyes and in grey print; the shade inside the band tells neighbours apart and is the same in every picture.
[[nodiscard]] std::string_view light_colour(std::size_t kind, std::size_t shade);
[[nodiscard]] std::string_view dark_colour(std::size_t kind, std::size_t shade);
/// "project", "site-packages", …
[[nodiscard]] std::string_view kind_word(std::size_t kind);
/// A stable hash of the name alone: the lines of one function share a shade.
[[nodiscard]] std::uint8_t shade_of(std::string_view name);

}  // namespace lampyr::exporter
