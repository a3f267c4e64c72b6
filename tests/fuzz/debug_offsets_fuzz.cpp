// SPDX-License-Identifier: MIT
// The input is the start of _PyRuntime. A layout that is accepted must keep every later read bounded.
#include "cpython/debug_offsets.hpp"
#include "cpython/runtime_check.hpp"
#include "cpython/version_probe.hpp"
#include "support/fake_memory.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lampyr;
    constexpr RemoteAddr kRuntime{0x550000000000};
    if (size == 0 || size > 1U << 16) return 0;
    static_cast<void>(cpython::find_version_text({reinterpret_cast<const char*>(data), size}));
    test::FakeMemory memory;
    memory.map(kRuntime, size);
    memory.put_bytes(kRuntime, std::as_bytes(std::span(data, size)));
    const auto read = cpython::read_debug_offsets(memory, kRuntime);
    if (!read) return 0;
    const cpython::Layout& layout = read->layout;
    if (layout.thread.size > 64U << 10 || layout.frame.size > 4096 || layout.code.size > 4096) __builtin_trap();
    static_cast<void>(cpython::check_runtime(memory, layout, kRuntime));
    static_cast<void>(cpython::check_frames(memory, layout, kRuntime));
    return 0;
}
