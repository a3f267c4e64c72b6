// SPDX-License-Identifier: MIT
#include "export/flamegraph/palette.hpp"

namespace lampyr::exporter {
namespace {

// Steps of equal lightness in OKLCH inside each band; text on them has a contrast of at least 5 (light) and 4.8 (dark).
constexpr Palette kByKind{{{
                              {"#f29446", "#f49c4e", "#f6a456", "#f8ac5e", "#fab467"},  // project: orange
                              {"#80c0ec", "#8ac4f1", "#94c9f6", "#9ecefb", "#a8d2fe"},  // site-packages: blue
                              {"#a0e3b7", "#a5e8bf", "#a9edc8", "#aef1d0", "#b4f6d8"},  // standard library: pale green
                              {"#c57ab9", "#cb80ba", "#d185bb", "#d68bbd", "#db91be"},  // native: purple
                              {"#b5bed0", "#bbc2d4", "#c1c7d8", "#c6ccdc", "#ccd0e1"},  // interpreter: slate
                              {"#cacaca", "#cecece", "#d1d1d1", "#d4d4d4", "#d7d7d7"},  // markers: grey
                          }},
                          {{
                              {"#994a10", "#9b5017", "#9d571e", "#9f5e25", "#a1642c"},
                              {"#1a598b", "#275c8e", "#326091", "#3c6395", "#456798"},
                              {"#2b614a", "#306550", "#356957", "#3a6d5d", "#3f7163"},
                              {"#6e2665", "#732b66", "#783166", "#7c3667", "#813c68"},
                              {"#39404e", "#3d4351", "#414654", "#454957", "#494c5a"},
                              {"#353535", "#373737", "#393939", "#3b3b3b", "#3d3d3d"},
                          }},
                          {"project", "site-packages", "standard library", "native code", "interpreter", "marker"}};

constexpr Palette kByChange{
    {{
        {"#fde8d4", "#fbd7b4", "#f9c491", "#f6af6c", "#f39a47"},  // more: orange
        {"#deecf8", "#c3def3", "#a5ceed", "#85bce6", "#66aade"},  // less: blue
        {"#e3e5e9", "#e3e5e9", "#e3e5e9", "#e3e5e9", "#e3e5e9"},  // within noise: grey
        {"#ee7f2d", "#ee7f2d", "#ee7f2d", "#ee7f2d", "#ee7f2d"},  // only in the new side
        {"#4b97d2", "#4b97d2", "#4b97d2", "#4b97d2", "#4b97d2"},  // only in the base
        {"#cacaca", "#cacaca", "#cacaca", "#cacaca", "#cacaca"},
    }},
    {{
        {"#4b3622", "#5f4023", "#744a22", "#8a5420", "#a15d1c"},
        {"#263a4b", "#26445f", "#264f74", "#265a89", "#25659f"},
        {"#33363c", "#33363c", "#33363c", "#33363c", "#33363c"},
        {"#b35f12", "#b35f12", "#b35f12", "#b35f12", "#b35f12"},
        {"#2470b3", "#2470b3", "#2470b3", "#2470b3", "#2470b3"},
        {"#353535", "#353535", "#353535", "#353535", "#353535"},
    }},
    {"more than before", "less than before", "within noise", "only in the new one", "only in the base", "marker"}};

}  // namespace

const Palette& kind_palette() { return kByKind; }
const Palette& change_palette() { return kByChange; }

std::uint8_t shade_of(std::string_view name) {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return static_cast<std::uint8_t>((hash >> 8) % kShades);
}

}  // namespace lampyr::exporter
