// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lampyr::profile {

/// Shortens file names as py-spy does: everything above the outermost directory of the unbroken chain of directories
/// that hold an `__init__.py` is cut off; a file outside any package keeps its base name. Answers are kept per
/// directory, so a directory is looked at once.
class ShortNames {
  public:
    /// Says whether a file of the target exists. Asked with the paths of the code objects, so the owner of the callback
    /// places them in the target's root and, for a relative path, in its working directory.
    using FileExists = std::function<bool(std::string_view)>;

    explicit ShortNames(FileExists file_exists) : file_exists_(std::move(file_exists)) {}

    /// A view of the end of `file`. Names that are no paths (`<string>`) are returned whole.
    [[nodiscard]] std::string_view shorten(std::string_view file);

  private:
    /// Length of what is to be cut from a file in `directory` (without its trailing slash), slash included.
    [[nodiscard]] std::size_t cut_for(std::string_view directory);

    static constexpr std::size_t kMaxDirectories = 65'536;  // a target can invent paths without end

    FileExists file_exists_;
    std::unordered_map<std::string, std::size_t> cuts_;
};

}  // namespace lampyr::profile
