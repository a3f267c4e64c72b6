// SPDX-License-Identifier: MIT
// The input is the text of /proc/PID/maps; what is parsed must be in order for the binary search that follows.
#include "process/proc_maps.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lampyr;
    const auto mappings = process::parse_maps({reinterpret_cast<const char*>(data), size});
    if (!mappings) return 0;
    for (const process::Mapping& mapping : *mappings)
        if (mapping.end < mapping.start) __builtin_trap();
    static_cast<void>(process::find_mapping(*mappings, RemoteAddr(0x1000)));
    return 0;
}
