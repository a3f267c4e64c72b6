// SPDX-License-Identifier: MIT
// The input is a library with unwind tables and debug information. Whatever is in them, looking things up ends.
#include "native/debug_info.hpp"
#include "native/function_extents.hpp"
#include "native/symbol_table.hpp"
#include "native/unwind_rule.hpp"

#include <elfutils/libdw.h>
#include <libelf.h>

#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lampyr::native;
    if (elf_version(EV_CURRENT) == EV_NONE) return 0;
    std::vector<char> image(data, data + size);
    Elf* elf = elf_memory(image.data(), image.size());
    if (elf == nullptr) return 0;
    SymbolTable symbols;
    symbols.add(elf);
    symbols.sort();
    name_hidden_eval_loop(symbols, elf);
    auto info = DebugInfo::open(elf);
    Dwarf_CFI* tables = dwarf_getcfi_elf(elf);
    for (std::uint64_t address = 0x1000; address < 0x1800; address += 16) {
        if (tables != nullptr) static_cast<void>(find_rule(tables, address));
        if (info) static_cast<void>(info->inlined_at(address));
    }
    if (tables != nullptr) dwarf_cfi_end(tables);
    info.reset();
    elf_end(elf);
    return 0;
}
