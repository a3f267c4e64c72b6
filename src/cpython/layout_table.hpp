// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <span>

namespace lampyr::cpython {

/// The table for this minor version and build kind, with what is known of the patch release applied. Null: not known.
/// On 3.13+ it is only the base: the interpreter's published offsets are put over it (`debug_offsets.hpp`).
[[nodiscard]] const Layout* find_layout(Version version);

/// The newest table of this build kind: the base for a newer interpreter that publishes its offsets.
[[nodiscard]] const Layout& newest_layout(bool free_threaded);

/// Every table, oldest first, free-threaded builds after the normal build of the same version. Patch variants are not listed.
[[nodiscard]] std::span<const Layout* const> all_layouts();

/// One object a file in `layouts/`, written by `tools/layoutgen`.
namespace layouts {
extern const Layout kCp27;
extern const Layout kCp36;
extern const Layout kCp37;
extern const Layout kCp38;
extern const Layout kCp39;
extern const Layout kCp310;
extern const Layout kCp311;
extern const Layout kCp312;
extern const Layout kCp313;
extern const Layout kCp313t;
extern const Layout kCp314;
extern const Layout kCp314t;
extern const Layout kCp315;
extern const Layout kCp315t;
}  // namespace layouts

}  // namespace lampyr::cpython
