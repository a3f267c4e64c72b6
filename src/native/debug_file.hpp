// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"
#include "process/unique_fd.hpp"

#include <string>
#include <string_view>

struct Elf;

namespace lampyr::native {

/// The file that holds what was stripped from an image: by its build id below /usr/lib/debug, as the target sees it or on the
/// host; or by the name in its .gnu_debuglink, beside the image, in .debug beside it, or below /usr/lib/debug (as GDB has it:
/// "Debugging Information in Separate Files"). A file found by name must have the same build id. Empty: there is none.
[[nodiscard]] process::UniqueFd open_debug_file(const process::ProcessHandle& process, Elf* image,
                                                std::string_view path, const std::string& build_id);

}  // namespace lampyr::native
