// SPDX-License-Identifier: MIT
#pragma once

namespace lampyr::exporter {

// The static picture, in pixels. The script lays everything out anew for the width it finds; it shares the row height.
inline constexpr double kWidth = 1200;
inline constexpr double kPad = 10;
inline constexpr double kInner = kWidth - 2 * kPad;
inline constexpr double kRow = 18;
inline constexpr double kColumn = 6.7;       ///< of the 11 px monospace text in frames, a little generously
inline constexpr double kProseColumn = 6.6;  ///< of the 12 px text around them

}  // namespace lampyr::exporter
