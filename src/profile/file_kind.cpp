// SPDX-License-Identifier: MIT
#include "profile/file_kind.hpp"

#include <algorithm>

namespace lampyr::profile {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "python3.12", "python3.13t", "python2.7", "python3.6m", "python311.zip".
bool is_library_directory(std::string_view name) {
    constexpr std::string_view kPython = "python";
    if (!name.starts_with(kPython)) return false;
    name.remove_prefix(kPython.size());
    const auto digits = [&name] {
        const auto end = static_cast<std::size_t>(std::find_if_not(name.begin(), name.end(), is_digit) - name.begin());
        name.remove_prefix(end);
        return end;
    };
    if (digits() == 0) return false;
    if (name == ".zip") return true;
    if (!name.starts_with('.')) return false;
    name.remove_prefix(1);
    if (digits() == 0) return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_below(std::string_view file, std::string_view directory) {
    while (directory.ends_with('/')) directory.remove_suffix(1);
    return !directory.empty() && file.size() > directory.size() && file.starts_with(directory) &&
           file[directory.size()] == '/';
}

}  // namespace

FunctionKind classify(std::string_view file, std::string_view stdlib_dir) {
    if (file.starts_with('<') && file.ends_with('>')) {
        // A notebook cell of IPython ≤ 7 is the user's own text; every other <…> has no file.
        return file.starts_with("<ipython-input") ? FunctionKind::kProject : FunctionKind::kInterpreter;
    }
    bool library = is_below(file, stdlib_dir);
    std::string_view rest = file;
    std::string_view previous;
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        const std::string_view part = rest.substr(0, slash);
        if (part == "site-packages" || part == "dist-packages") return FunctionKind::kSitePackages;
        if (is_library_directory(part) && (previous == "lib" || previous == "lib64")) library = true;
        previous = part;
        rest.remove_prefix(slash + 1);
    }
    return library ? FunctionKind::kStandardLibrary : FunctionKind::kProject;
}

}  // namespace lampyr::profile
