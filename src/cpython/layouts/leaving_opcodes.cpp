// SPDX-License-Identifier: MIT
#include "cpython/layouts/leaving_opcodes.hpp"

#include <array>

namespace lampyr::cpython {

namespace {
// RETURN_VALUE, YIELD_VALUE, RETURN_GENERATOR, RETURN_CONST, INSTRUMENTED_{RETURN_VALUE, YIELD_VALUE, RETURN_CONST}
constexpr std::array<std::uint8_t, 2> kUpTo310{83, 86};
constexpr std::array<std::uint8_t, 3> k311{83, 86, 75};
constexpr std::array<std::uint8_t, 7> k312{83, 150, 75, 121, 242, 243, 247};
constexpr std::array<std::uint8_t, 7> k313{36, 118, 35, 103, 239, 241, 240};
constexpr std::array<std::uint8_t, 5> k314{35, 120, 34, 246, 247};
constexpr std::array<std::uint8_t, 5> k315{33, 119, 32, 245, 246};
}  // namespace

std::span<const std::uint8_t> leaving_opcodes(const Version& version) {
    if (version.major == 2 || version.minor <= 10) return kUpTo310;
    switch (version.minor) {
        case 11: return k311;
        case 12: return k312;
        case 13: return k313;
        case 14: return k314;
        case 15: return k315;
        default: return {};  // unknown numbers prove nothing
    }
}

}  // namespace lampyr::cpython
