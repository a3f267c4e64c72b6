// SPDX-License-Identifier: MIT
#include "cpython/asyncio_section.hpp"

#include "cpython/memory_scan.hpp"
#include "cpython/target_image.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

namespace lampyr::cpython {
namespace {

/// struct _Py_AsyncioModuleDebugOffsets, Modules/_asynciomodule.c.
struct Published {
    std::uint64_t task_size, name, awaited_by, is_task, awaited_by_is_set, coro, node;
    std::uint64_t interpreter_size, interpreter_tasks;
    std::uint64_t thread_size, running_loop, running_task, thread_tasks;
};
constexpr std::size_t kTaskNumbers = 7;

constexpr std::uint64_t kMostTaskBytes = 4096;
constexpr std::uint64_t kMostThreadBytes = 64U << 10;
constexpr std::uint64_t kMostInterpreterBytes = 16U << 20;

bool holds(std::uint64_t size, std::uint64_t offset, std::uint64_t width) {
    return offset <= size && width <= size - offset && offset % width == 0;
}

bool plausible(const Published& p) {
    if (p.task_size > kMostTaskBytes || p.thread_size > kMostThreadBytes || p.interpreter_size > kMostInterpreterBytes)
        return false;
    const auto in_task = [&](std::uint64_t offset, std::uint64_t width) {
        return offset >= 16 && holds(p.task_size, offset, width);
    };
    const auto has_node = [](std::uint64_t size, std::uint64_t offset) {
        return holds(size, offset, 8) && holds(size, offset + 8, 8);
    };
    return in_task(p.name, 8) && in_task(p.awaited_by, 8) && in_task(p.coro, 8) && in_task(p.awaited_by_is_set, 1) &&
           in_task(p.node, 8) && has_node(p.task_size, p.node) && has_node(p.interpreter_size, p.interpreter_tasks) &&
           has_node(p.thread_size, p.thread_tasks) && holds(p.thread_size, p.running_task, 8);
}

Offset offset(std::uint64_t value) { return Offset(static_cast<std::uint32_t>(value)); }

bool take(AsyncioLayout& asyncio, const process::RemoteMemory& memory, RemoteAddr address) {
    const auto published = memory.read_value<Published>(address);
    if (!published || !plausible(*published)) return false;
    const Published& p = *published;
    if (p.task_size != asyncio.task_size || p.coro != asyncio.coro.value()) {
        // A task that differs from the known one: what is not published of it is not known.
        for (Offset* field : {&asyncio.callback0, &asyncio.callbacks, &asyncio.state, &asyncio.fut_waiter})
            *field = kAbsent;
    }
    asyncio.task_size = static_cast<std::uint32_t>(p.task_size);
    asyncio.name = offset(p.name);
    asyncio.awaited_by = offset(p.awaited_by);
    asyncio.awaited_by_is_set = offset(p.awaited_by_is_set);
    asyncio.coro = offset(p.coro);
    asyncio.node = offset(p.node);
    asyncio.interpreter_tasks = offset(p.interpreter_tasks);
    asyncio.running_task = offset(p.running_task);
    asyncio.thread_tasks = offset(p.thread_tasks);
    return true;
}

/// Of the files that have the usual name, or of the others.
bool take_from_files(AsyncioLayout& asyncio, const process::RemoteMemory& memory, Pid pid,
                     std::span<const TargetImage> images, bool usual) {
    for (const TargetImage& image : images) {
        if ((image.path().find("_asyncio") != std::string_view::npos) != usual) continue;
        const auto file = open_file(pid, image);
        const auto section = file ? file->find_section(".AsyncioDebug") : std::nullopt;
        if (!section || section->address == 0 || section->size < sizeof(Published)) continue;
        if (take(asyncio, memory, RemoteAddr(section->address + image.load_bias))) return true;
    }
    return false;
}

/// By the seven numbers of a task, which together are nobody else's.
bool take_from_data(AsyncioLayout& asyncio, const process::RemoteMemory& memory, std::span<const TargetImage> images) {
    const std::array<std::uint64_t, kTaskNumbers> task{asyncio.task_size,
                                                       asyncio.name.value(),
                                                       asyncio.awaited_by.value(),
                                                       asyncio.awaited_by_is_set.value() - 1,
                                                       asyncio.awaited_by_is_set.value(),
                                                       asyncio.coro.value(),
                                                       asyncio.node.value()};
    for (const TargetImage& image : images) {
        MemoryScan scan(memory, sizeof task);
        std::optional<RemoteAddr> found;
        for (const elf::LoadSegment& segment : image.segments) {
            if (!segment.writable || found) continue;
            const RemoteAddr start((segment.address + image.load_bias) & ~std::uint64_t{7});
            scan.run(start, segment.memory_size + 7, [&](RemoteAddr address, std::span<const std::byte> bytes) {
                for (std::size_t at = 0; at + sizeof task <= bytes.size(); at += 8)
                    if (std::memcmp(bytes.data() + at, task.data(), sizeof task) == 0) found = address + at;
                return !found;
            });
        }
        if (found && take(asyncio, memory, *found)) return true;
    }
    return false;
}

}  // namespace

bool take_asyncio_section(AsyncioLayout& asyncio, const process::RemoteMemory& memory, Pid pid,
                          std::span<const process::Mapping> mappings) {
    if (!asyncio.node.present()) return false;  // asyncio of this version publishes nothing
    auto images = list_memory_images(memory, mappings);
    auto others = list_file_images(pid, mappings, images);
    std::move(others.begin(), others.end(), std::back_inserter(images));
    // Its usual name first, only because that saves looking into other files.
    return take_from_files(asyncio, memory, pid, images, true) ||
           take_from_files(asyncio, memory, pid, images, false) || take_from_data(asyncio, memory, images);
}

}  // namespace lampyr::cpython
