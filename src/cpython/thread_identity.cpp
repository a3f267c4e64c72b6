// SPDX-License-Identifier: MIT
#include "cpython/thread_identity.hpp"

#include <array>
#include <cstring>

namespace lampyr::cpython {

namespace {
/// struct pthread of glibc keeps the kernel's id here on x86-64 (nptl/descr.h; 2.17 to 2.43).
constexpr std::uint64_t kGlibcTidOffset = 720;
/// glibc's descriptor ends here; musl's is shorter.
constexpr std::size_t kDescriptorBytes = 2304;
}  // namespace

std::int64_t native_thread_id(const process::RemoteMemory& memory, const RawStack& stack,
                              const std::function<bool(std::int64_t)>& is_thread) {
    if (stack.native_id > 0) return stack.native_id;
    const RemoteAddr descriptor(stack.ident);
    if (!descriptor.is_plausible() || !descriptor.is_aligned()) return 0;
    const auto usual = memory.read_value<std::int32_t>(descriptor + kGlibcTidOffset);
    if (usual && *usual > 0 && is_thread(*usual)) return *usual;

    std::array<std::byte, kDescriptorBytes> bytes{};
    const std::size_t got = memory.read_prefix(descriptor, bytes);
    std::int64_t found = 0;
    for (std::size_t at = 0; at + sizeof(std::int32_t) <= got; at += sizeof(std::int32_t)) {
        std::int32_t value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        if (value <= 0 || value == found || !is_thread(value)) continue;
        if (found != 0) return 0;  // two candidates: rather none than a wrong one
        found = value;
    }
    return found;
}

}  // namespace lampyr::cpython
