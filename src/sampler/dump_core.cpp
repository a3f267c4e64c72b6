// SPDX-License-Identifier: MIT
#include "cpython/thread_identity.hpp"
#include "elf/core_file.hpp"
#include "process/proc_maps.hpp"
#include "sampler/dump_source.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace lampyr {

namespace {

/// The core's memory in the words of /proc/PID/maps. A core knows no inodes: each path is a file of its own.
std::vector<process::Mapping> mappings_of(const elf::CoreFile& core) {
    std::map<std::string_view, std::uint64_t> files;
    std::vector<process::Mapping> mappings;
    mappings.reserve(core.segments().size());
    for (const elf::CoreSegment& segment : core.segments()) {
        process::Mapping mapping;
        mapping.start = RemoteAddr(segment.start);
        mapping.end = RemoteAddr(segment.end);
        mapping.file_offset = segment.file_offset;
        mapping.readable = segment.readable;
        mapping.writable = segment.writable;
        mapping.executable = segment.executable;
        mapping.path = segment.path;
        if (!segment.path.empty()) mapping.inode = files.try_emplace(segment.path, files.size() + 1).first->second;
        mappings.push_back(std::move(mapping));
    }
    return mappings;
}

/// An interpreter is located by what the memory holds; the words of its failures speak of a process.
Error about_core(const Error& error, const std::string& path) {
    switch (error.code) {
        case ErrorCode::kNotPython:
        case ErrorCode::kTargetGone:
            return {error.code, fmt::format("no Python interpreter is found in {}", terminal_safe(path)),
                    "a core holds no program files: they must be here as they were, under the same names", 0};
        case ErrorCode::kPythonStarting:
            return {error.code, fmt::format("the Python in {} was starting or ending", terminal_safe(path)), {}, 0};
        default: break;
    }
    Error said = error;
    constexpr std::string_view kNobody = "process 0";
    if (const auto at = said.message.find(kNobody); at != std::string::npos)
        said.message.replace(at, kNobody.size(), terminal_safe(path));
    return said;
}

std::chrono::system_clock::time_point written(const std::string& path) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return {};
    return std::chrono::system_clock::from_time_t(file.st_mtim.tv_sec);
}

}  // namespace

Result<ProcessDump> dump_core(const std::string& path, const DumpOptions& options) {
    const auto core = elf::CoreFile::open(path);
    if (!core) return core.error();
    const std::vector<process::Mapping> mappings = mappings_of(**core);
    // No process: nothing is looked for below /proc.
    const auto runtime = cpython::locate_runtime(**core, Pid{0}, mappings);
    if (!runtime) return about_core(runtime.error(), path);
    const auto threads = (*core)->threads();
    sampler::DumpSource source{
        .memory = **core,
        .runtime = *runtime,
        .files = sampler::FileNames(
            runtime->stdlib_hint, [](std::string_view file) { return ::access(std::string(file).c_str(), F_OK) == 0; }),
        .os_tid =
            [&](const cpython::RawStack& stack) {
                const auto is_thread = [threads](std::int64_t id) {
                    return std::find(threads.begin(), threads.end(), id) != threads.end();
                };
                const std::int64_t id = cpython::native_thread_id(**core, stack, is_thread);
                return Tid{is_thread(id) ? static_cast<std::int32_t>(id) : 0};
            },
        .process = nullptr,
        .futex = [&](Tid tid) { return (*core)->futex(tid.value); },
        .pid = Pid{(*core)->pid()},
        .command_line = (*core)->command_line(),
        .executable = (*core)->executable(),
        .mappings = mappings,
    };
    auto dump = sampler::take_dump(source, options);
    if (dump) dump->taken = written(path);
    return dump;
}

}  // namespace lampyr
