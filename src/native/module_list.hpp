// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "native/module_image.hpp"
#include "native/perf_map.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::native {

/// A mapping of machine code.
struct Module {
    process::Mapping mapping;
    std::string name;  ///< last part of the path
    std::unique_ptr<ModuleImage> image{};
    bool tried = false;          ///< `image` stays as it is
    bool holds_runtime = false;  ///< the interpreter's own variables are of this file
    /// Whether the eval loop is in it: by the name it has from 3.6 on, or the one before.
    enum class Interpreter : std::uint8_t { kNotAsked, kNone, kNew, kOld };
    Interpreter interpreter = Interpreter::kNotAsked;
};

/// The machine code of a process. Images are opened when an address in them is met, and kept as long as they are mapped.
class ModuleList {
  public:
    /// `runtime`: an address of a variable of the interpreter.
    ModuleList(const process::ProcessHandle& process, const process::RemoteMemory& memory, RemoteAddr runtime)
        : process_(process), memory_(memory), runtime_(runtime), perf_map_(process) {}

    /// Looks at the mappings now and then: once a second, and ten times when an unknown address was met. True: they have
    /// changed, and what was known of addresses is void.
    bool refresh(std::chrono::nanoseconds now);

    /// The code that an address is in; null when it is in none that is known.
    [[nodiscard]] Module* find(std::uint64_t address);
    [[nodiscard]] const process::RemoteMemory& memory() const { return memory_; }
    /// What the process says of code that it made itself; empty: nothing.
    [[nodiscard]] std::string_view made_code(std::uint64_t address) { return perf_map_.find(address); }

  private:
    const process::ProcessHandle& process_;
    const process::RemoteMemory& memory_;
    RemoteAddr runtime_;
    PerfMap perf_map_;
    std::vector<Module> modules_;  // in ascending order
    std::chrono::nanoseconds looked_{0};
    bool ever_ = false;
    bool unknown_met_ = false;
};

}  // namespace lampyr::native
