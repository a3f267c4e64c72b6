// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace lampyr::exporter {

inline constexpr std::size_t kKinds = 6;
inline constexpr std::size_t kShades = 5;

/// What the colours of a picture say: one hue a kind, five shades each.
struct Palette {
    using Band = std::array<std::string_view, kShades>;
    std::array<Band, kKinds> light;
    std::array<Band, kKinds> dark;
    std::array<std::string_view, kKinds> words;
};

/// What kind of code a frame is ("project", "site-packages", …): one hue and one band of lightness a kind, so that the
/// kinds stay apart for colour-blind eyes and in grey print; the shade inside the band tells neighbours apart and is the
/// same in every picture.
[[nodiscard]] const Palette& kind_palette();
/// How a frame changed: orange for more, blue for less, which colour-blind eyes tell apart, and grey for what may be chance.
/// The shade says how much. The kinds are those of `Changed`.
[[nodiscard]] const Palette& change_palette();
enum class Changed : std::uint8_t { kMore, kLess, kNoise, kOnlyNew, kOnlyBase, kMarker };

/// A stable hash of the name alone: the lines of one function share a shade.
[[nodiscard]] std::uint8_t shade_of(std::string_view name);

}  // namespace lampyr::exporter
