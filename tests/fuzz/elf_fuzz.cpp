// SPDX-License-Identifier: MIT
// The input is an ELF file, and an image in a target's memory.
#include "elf/image.hpp"
#include "elf/memory_image.hpp"
#include "process/unique_fd.hpp"
#include "support/fake_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lampyr;
    constexpr RemoteAddr kBase{0x550000000000};
    if (size == 0 || size > 1U << 20) return 0;
    test::FakeMemory memory;
    memory.map(kBase, size);
    memory.put_bytes(kBase, std::as_bytes(std::span(data, size)));
    if (const auto image = elf::MemoryImage::open(memory, kBase)) {
        static_cast<void>(image->find_symbol("_PyRuntime"));
        static_cast<void>(image->contains(kBase));
    }
    const process::UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
    if (::write(fd.get(), data, size) != static_cast<ssize_t>(size)) return 0;
    if (const auto image = elf::Image::open(fd.get())) {
        static_cast<void>(image->find_symbol("_PyRuntime", elf::SymbolTables::kBoth));
        static_cast<void>(image->find_section(".PyRuntime"));
        static_cast<void>(image->build_id());
        static_cast<void>(image->load_bias(kBase, 0));
    }
    return 0;
}
