// SPDX-License-Identifier: MIT
#include "cpython/layout_table.hpp"

#include <array>

namespace lampyr::cpython {
namespace {

constexpr std::array kAll{
    &layouts::kCp27,  &layouts::kCp36,   &layouts::kCp37,  &layouts::kCp38,   &layouts::kCp39,
    &layouts::kCp310, &layouts::kCp311,  &layouts::kCp312, &layouts::kCp313,  &layouts::kCp313t,
    &layouts::kCp314, &layouts::kCp314t, &layouts::kCp315, &layouts::kCp315t,
};

/// 3.7.4 put a lock into the pending-calls struct (Include/internal/ceval.h), which stands before gilstate in _PyRuntime.
const Layout& early_37() {
    static const Layout layout = [] {
        Layout early = layouts::kCp37;
        early.version.micro = 3;
        early.runtime.tstate_current = Offset(1392);
        return early;
    }();
    return layout;
}

}  // namespace

const Layout* find_layout(Version version) {
    if (version.major == 3 && version.minor == 7 && version.micro < 4 && !version.free_threaded) return &early_37();
    for (const Layout* layout : kAll) {
        const Version& known = layout->version;
        if (known.major == version.major && known.minor == version.minor &&
            known.free_threaded == version.free_threaded)
            return layout;
    }
    return nullptr;
}

const Layout& newest_layout(bool free_threaded) {
    const Layout* newest = kAll.front();
    for (const Layout* layout : kAll)
        if (layout->version.free_threaded == free_threaded) newest = layout;
    return *newest;
}

std::span<const Layout* const> all_layouts() { return kAll; }

}  // namespace lampyr::cpython
