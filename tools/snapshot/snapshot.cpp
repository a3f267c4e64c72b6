// SPDX-License-Identifier: MIT
// snapshot PID FILE: records what reading the stacks of a Python process needs, with the stacks found, as a fixture for
// tests/replay. The process should stand still (all threads blocked) while this runs.
#include "cpython/runtime_locator.hpp"
#include "cpython/stack_text.hpp"
#include "process/proc_maps.hpp"
#include "process/recorded_memory.hpp"
#include "process/vm_memory.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>

namespace {

using namespace lampyr;

int fail(const Error& error) {
    fmt::print(stderr, "snapshot: {}\n", to_string(error));
    return 1;
}

int record(Pid pid, const char* path) {
    const auto memory = process::VmMemory::open(pid);
    if (!memory) return fail(memory.error());
    const auto maps = process::read_maps((*memory)->process());
    if (!maps) return fail(maps.error());
    process::MemoryRecorder recorder;
    const process::TappedMemory tapped(**memory, recorder);
    const auto location = cpython::locate_runtime(**memory, pid, *maps);
    if (!location) return fail(location.error());

    const cpython::RuntimeAnchor anchor{location->runtime, location->current_thread};
    const std::string stacks = cpython::stacks_as_text(tapped, location->layout, anchor);
    // 3.13 and later describe their own layout at the start of the runtime; replays derive it again.
    std::array<std::byte, 1024> head{};
    (void)tapped.read_prefix(location->runtime, head);
    recorder.add_fact("version", location->version_text);
    recorder.add_fact("runtime", fmt::format("{:#x}", location->runtime.value));
    recorder.add_fact("current_thread", fmt::format("{:#x}", location->current_thread.value));
    recorder.add_fact("stacks", stacks);
    if (const auto written = recorder.write(path); !written) return fail(written.error());
    fmt::print("{}: Python {}, {} bytes of memory\n{}", path, location->version_text, recorder.bytes(), stacks);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    int pid = 0;
    if (argc == 3) {
        const std::string_view text = argv[1];
        std::from_chars(text.data(), text.data() + text.size(), pid);
    }
    if (pid <= 0) {
        fmt::print(stderr, "usage: snapshot PID FILE\n");
        return 2;
    }
    return record(Pid(pid), argv[2]);
}
