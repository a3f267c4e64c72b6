// SPDX-License-Identifier: MIT
#pragma once

#include "native/merge.hpp"
#include "native/module_list.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::native {

/// What is shown of a machine frame.
struct FrameName {
    std::string function{};
    std::vector<std::string> inlined{};  ///< functions put into it by the compiler and running, innermost first
    std::string path{};                  ///< of the file that holds the code; raw bytes, hostile
    std::string file{};                  ///< its last part
    Role role = Role::kCode;
    bool interpreter = false;  ///< of the interpreter itself
    bool wrapper = false;      ///< only takes arguments apart, for an inner frame of the same name
    bool system = false;       ///< of the C library or the loader's entry, where all stacks begin
};

/// Names the function at an address of the process.
[[nodiscard]] FrameName name_frame(ModuleList& modules, std::uint64_t address);

/// The role of a function of the interpreter. `old_eval`: its eval loop is PyEval_EvalFrameEx (2.7).
[[nodiscard]] Role role_in_interpreter(std::string_view symbol, bool old_eval);

}  // namespace lampyr::native
