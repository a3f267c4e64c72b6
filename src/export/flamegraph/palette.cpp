// SPDX-License-Identifier: MIT
#include "export/flamegraph/palette.hpp"

#include <array>

namespace lampyr::exporter {
namespace {

using Band = std::array<std::string_view, kShades>;

// Steps of equal lightness in OKLCH inside each band; text on them has a contrast of at least 5 (light) and 4.8 (dark).
constexpr std::array<Band, kKinds> kLight{{
    {"#f29446", "#f49c4e", "#f6a456", "#f8ac5e", "#fab467"},  // project: orange
    {"#80c0ec", "#8ac4f1", "#94c9f6", "#9ecefb", "#a8d2fe"},  // site-packages: blue
    {"#a0e3b7", "#a5e8bf", "#a9edc8", "#aef1d0", "#b4f6d8"},  // standard library: pale green
    {"#c57ab9", "#cb80ba", "#d185bb", "#d68bbd", "#db91be"},  // native: purple
    {"#b5bed0", "#bbc2d4", "#c1c7d8", "#c6ccdc", "#ccd0e1"},  // interpreter: slate
    {"#cacaca", "#cecece", "#d1d1d1", "#d4d4d4", "#d7d7d7"},  // markers: grey
}};
constexpr std::array<Band, kKinds> kDark{{
    {"#994a10", "#9b5017", "#9d571e", "#9f5e25", "#a1642c"},
    {"#1a598b", "#275c8e", "#326091", "#3c6395", "#456798"},
    {"#2b614a", "#306550", "#356957", "#3a6d5d", "#3f7163"},
    {"#6e2665", "#732b66", "#783166", "#7c3667", "#813c68"},
    {"#39404e", "#3d4351", "#414654", "#454957", "#494c5a"},
    {"#353535", "#373737", "#393939", "#3b3b3b", "#3d3d3d"},
}};
constexpr std::array<std::string_view, kKinds> kWords{"project",     "site-packages", "standard library",
                                                      "native code", "interpreter",   "marker"};

}  // namespace

std::string_view light_colour(std::size_t kind, std::size_t shade) { return kLight.at(kind).at(shade); }
std::string_view dark_colour(std::size_t kind, std::size_t shade) { return kDark.at(kind).at(shade); }
std::string_view kind_word(std::size_t kind) { return kWords.at(kind); }

std::uint8_t shade_of(std::string_view name) {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return static_cast<std::uint8_t>((hash >> 8) % kShades);
}

}  // namespace lampyr::exporter
