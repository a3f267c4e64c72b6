// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <span>
#include <string_view>

namespace lampyr::cpython::layouts {

/// One struct of `_Py_DebugOffsets`: its member name and its 8-byte members in order, separated by spaces.
struct PublishedStruct {
    std::string_view name;
    std::string_view fields;
};

/// The members of `_Py_DebugOffsets` behind cookie, version and free_threaded, in order. Fields are inserted in the middle
/// from minor to minor, so the order is chosen by the version the struct itself states. Empty before 3.13; a version newer
/// than every known one gets the newest order.
[[nodiscard]] std::span<const PublishedStruct> published_fields(Version version);

}  // namespace lampyr::cpython::layouts
