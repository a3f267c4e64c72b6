// SPDX-License-Identifier: MIT
#pragma once

#include "native/symbol_table.hpp"
#include "process/proc_maps.hpp"
#include "process/process_handle.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct Dwarf_CFI_s;

namespace lampyr::native {

/// One file of machine code in a process: its unwind tables and its functions, also those in a separate debug file. The file is read with pread, as the target
/// sees it. Of what it needs nothing is read before it is asked for.
class ModuleImage {
  public:
    /// Null: the file cannot be reached, or is no ELF file.
    [[nodiscard]] static std::unique_ptr<ModuleImage> open(const process::ProcessHandle& process,
                                                           const process::RemoteMemory& memory,
                                                           const process::Mapping& mapping);
    ~ModuleImage();
    ModuleImage(const ModuleImage&) = delete;
    ModuleImage& operator=(const ModuleImage&) = delete;

    /// What is to be subtracted from the process's addresses to get the file's.
    [[nodiscard]] std::uint64_t bias() const { return bias_; }
    /// Null: there are none.
    [[nodiscard]] Dwarf_CFI_s* unwind_tables();
    [[nodiscard]] const SymbolTable& symbols();
    /// For an interpreter whose eval loop has no name: gives it the one it usually has. False: no function is like it.
    bool name_eval_loop();
    /// The functions that a compiler has put into the one at a link-time address, innermost first; as the linker names them.
    [[nodiscard]] std::vector<std::string> inlined_at(std::uint64_t address);

  private:
    struct Handle;
    ModuleImage(std::unique_ptr<Handle> handle, std::uint64_t bias);

    std::unique_ptr<Handle> handle_;
    std::uint64_t bias_;
    bool tables_read_ = false;
    bool debug_info_read_ = false;
    std::optional<SymbolTable> symbols_;
};

}  // namespace lampyr::native
