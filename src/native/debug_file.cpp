// SPDX-License-Identifier: MIT
#include "native/debug_file.hpp"

#include "elf/image.hpp"
#include "process/target_files.hpp"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

namespace lampyr::native {
namespace {

constexpr std::string_view kDebug = "/usr/lib/debug";

process::UniqueFd open_in_target(const process::ProcessHandle& process, const std::string& path) {
    auto file = process::open_readable_file(process, path);
    return file ? std::move(*file) : process::UniqueFd();
}

/// On the host, whose paths are its owner's.
process::UniqueFd open_on_host(const std::string& path) {
    process::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat what {};
    if (!file || ::fstat(file.get(), &what) != 0 || !S_ISREG(what.st_mode)) return {};
    return file;
}

bool has_build_id(const process::UniqueFd& file, const std::string& build_id) {
    if (!file) return false;
    const auto image = elf::Image::open(file.get());
    return image && image->build_id() == build_id;
}

}  // namespace

process::UniqueFd open_debug_file(const process::ProcessHandle& process, Elf* image, std::string_view path,
                                  const std::string& build_id) {
    if (build_id.size() < 3) return {};
    const std::string by_id =
        fmt::format("{}/.build-id/{}/{}.debug", kDebug, build_id.substr(0, 2), build_id.substr(2));
    if (auto file = open_in_target(process, by_id); has_build_id(file, build_id)) return file;
    if (auto file = open_on_host(by_id); has_build_id(file, build_id)) return file;
    GElf_Word checksum = 0;
    const char* name = dwelf_elf_gnu_debuglink(image, &checksum);
    const std::size_t slash = path.rfind('/');
    if (name == nullptr || slash == path.npos || std::string_view(name).find('/') != std::string_view::npos) return {};
    const std::string_view folder = path.substr(0, slash);
    const std::array<std::string, 3> places{fmt::format("{}/{}", folder, name),
                                            fmt::format("{}/.debug/{}", folder, name),
                                            fmt::format("{}{}/{}", kDebug, folder, name)};
    for (const std::string& place : places)
        if (auto file = open_in_target(process, place); has_build_id(file, build_id)) return file;
    return {};
}

}  // namespace lampyr::native
