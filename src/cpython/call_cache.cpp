// SPDX-License-Identifier: MIT
#include "cpython/call_cache.hpp"

namespace lampyr::cpython {

bool is_specialised_call(const process::RemoteMemory& memory, const Layout& layout, const RawFrame& caller,
                         const RawFrame& callee) {
    const FunctionLayout& f = layout.function;
    if (!f.version.present() || !layout.frame.function.present() || callee.through_c || callee.generator) return false;
    const RemoteAddr cache(caller.instruction + static_cast<std::uint64_t>(std::int64_t{f.call_cache}));
    const auto expected = cache.is_plausible() ? memory.read_value<std::uint32_t>(cache) : std::nullopt;
    if (!expected || *expected == 0) return false;
    const auto reference = memory.read_value<std::uint64_t>(callee.frame + layout.frame.function.value());
    const RemoteAddr function(reference.value_or(0) & ~layout.code_tag_mask);
    if (!function.is_plausible() || !function.is_aligned()) return false;
    // The frame may be another one's by now.
    const auto code = memory.read_value<std::uint64_t>(function + f.code.value());
    const auto version = memory.read_value<std::uint32_t>(function + f.version.value());
    return code && RemoteAddr(*code) == callee.code && version && *version == *expected;
}

}  // namespace lampyr::cpython
