// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

struct Elf;

namespace lampyr::native {

class SymbolTable;

/// From where to where a function reaches, in link-time addresses.
struct Extent {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
};

/// All functions that have unwind tables, named or not, from the sorted list in .eh_frame_hdr. A function reaches to the next.
/// Empty when there is no such list, or not in the form that linkers give it.
[[nodiscard]] std::vector<Extent> function_extents(Elf* elf);

/// Compilers move what they think is rarely run out of a function, under a name of its own that a stripped file has lost.
/// Where that is nearly all of CPython's eval loop (it was built without a profile of it), the largest function, which has no name,
/// is that part. Gives it its name; does nothing where the eval loop is whole, or the largest function has a name.
void name_hidden_eval_loop(SymbolTable& symbols, Elf* elf);

/// The same for an interpreter that does not name its eval loop at all. False: its largest function has another name, or is not
/// that large. Whoever joins stacks finds out when it is another function, because their numbers differ.
bool name_nameless_eval_loop(SymbolTable& symbols, Elf* elf);

}  // namespace lampyr::native
