// SPDX-License-Identifier: MIT
#include "support/interpreters.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

namespace lampyr::test {
namespace {

std::vector<Interpreter> from_script() {
    std::vector<Interpreter> found;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
        popen(LAMPYR_SOURCE_DIR "/tools/scripts/find-pythons 2>/dev/null", "re"), &pclose);
    if (!pipe) return found;
    std::string text;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe.get())) > 0;) text.append(buffer, n);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto space = line.find(' ');
        if (space != std::string::npos) found.push_back({line.substr(0, space), line.substr(space + 1)});
    }
    return found;
}

std::vector<Interpreter> from_pyenv() {
    std::vector<Interpreter> found;
    const char* root = std::getenv("PYENV_ROOT");
    const char* home = std::getenv("HOME");
    const std::filesystem::path base = root != nullptr
                                           ? std::filesystem::path(root)
                                           : std::filesystem::path(home != nullptr ? home : "/root") / ".pyenv";
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(base / "versions", error)) {
        const auto python = entry.path() / "bin" / "python";
        const std::string name = entry.path().filename().string();
        const auto second_dot = name.find('.', name.find('.') + 1);
        if (!std::filesystem::exists(python, error) || second_dot == std::string::npos) continue;
        std::string version = name.substr(0, second_dot);
        if (name.back() == 't') version += 't';
        found.push_back({version, python.string()});
    }
    return found;
}

}  // namespace

const std::vector<Interpreter>& interpreters() {
    static const std::vector<Interpreter> found = [] {
        auto list = from_script();
        return list.empty() ? from_pyenv() : list;
    }();
    return found;
}

std::optional<Interpreter> find_interpreter(std::string_view version) {
    const auto& all = interpreters();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Interpreter& i) { return i.version == version; });
    if (found == all.end()) return std::nullopt;
    return *found;
}

cpython::Version layout_version(std::string_view version) {
    cpython::Version result;
    std::istringstream in{std::string(version)};
    int major = 0;
    int minor = 0;
    char dot = 0;
    in >> major >> dot >> minor;
    result.major = static_cast<std::uint8_t>(major);
    result.minor = static_cast<std::uint8_t>(minor);
    result.micro = 99;  // any late patch release
    result.free_threaded = version.ends_with('t');
    return result;
}

std::string test_name(const std::string& version) {
    std::string name = "cp" + version;
    name.erase(std::remove(name.begin(), name.end(), '.'), name.end());
    return name;
}

}  // namespace lampyr::test
