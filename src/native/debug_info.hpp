// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct Elf;

namespace lampyr::native {

/// Which functions a compiler has put into others, from DWARF. Nothing in it is trusted: it is walked without recursion, with
/// a limit for depth and for the entries that are looked at.
class DebugInfo {
  public:
    /// Null: there is none, it needs another file, or there is more of it than is read.
    [[nodiscard]] static std::unique_ptr<DebugInfo> open(Elf* elf);
    ~DebugInfo();
    DebugInfo(const DebugInfo&) = delete;
    DebugInfo& operator=(const DebugInfo&) = delete;

    /// The functions inlined at a link-time address, innermost first, as the linker would name them (or, in C, as they are
    /// called).
    [[nodiscard]] std::vector<std::string> inlined_at(std::uint64_t address);

  private:
    struct Handle;
    explicit DebugInfo(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace lampyr::native
