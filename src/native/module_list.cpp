// SPDX-License-Identifier: MIT
#include "native/module_list.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace lampyr::native {
namespace {

constexpr std::chrono::milliseconds kLookEvery{1000};
constexpr std::chrono::milliseconds kLookForUnknownEvery{100};

bool is_same(const process::Mapping& a, const process::Mapping& b) {
    return a.start == b.start && a.end == b.end && a.file_offset == b.file_offset && a.same_file(b) && a.path == b.path;
}

/// The mapping of a file that an address belongs to. Variables that begin as zero are in memory without a file, which follows.
const process::Mapping* owner_of(const std::vector<process::Mapping>& maps, RemoteAddr address) {
    const process::Mapping* found = process::find_mapping(maps, address);
    while (found != nullptr && !found->is_file() && found != maps.data() && std::prev(found)->end == found->start)
        --found;
    return found != nullptr && found->is_file() ? found : nullptr;
}

}  // namespace

bool ModuleList::refresh(std::chrono::nanoseconds now) {
    const auto wait = unknown_met_ ? kLookForUnknownEvery : kLookEvery;
    if (ever_ && now - looked_ < wait) return false;
    looked_ = now;
    unknown_met_ = false;
    auto maps = process::read_maps(process_);
    if (!maps) return false;
    const process::Mapping* interpreter = owner_of(*maps, runtime_);
    const auto file = interpreter != nullptr ? std::optional(*interpreter) : std::nullopt;
    std::erase_if(*maps, [](const process::Mapping& mapping) { return !mapping.executable; });
    const auto same = [](const Module& module, const process::Mapping& mapping) {
        return is_same(module.mapping, mapping);
    };
    if (ever_ && std::equal(modules_.begin(), modules_.end(), maps->begin(), maps->end(), same)) return false;
    std::vector<Module> modules;
    modules.reserve(maps->size());
    for (process::Mapping& mapping : *maps) {
        const auto known = std::find_if(modules_.begin(), modules_.end(),
                                        [&](const Module& module) { return is_same(module.mapping, mapping); });
        if (known != modules_.end()) {
            modules.push_back(std::move(*known));
            continue;
        }
        std::string name = mapping.path.substr(mapping.path.rfind('/') + 1);
        const bool holds_runtime = file && mapping.is_file() && mapping.same_file(*file);
        modules.push_back({std::move(mapping), std::move(name)});
        modules.back().holds_runtime = holds_runtime;
    }
    modules_ = std::move(modules);
    ever_ = true;
    return true;
}

Module* ModuleList::find(std::uint64_t address) {
    const auto behind =
        std::upper_bound(modules_.begin(), modules_.end(), address,
                         [](std::uint64_t wanted, const Module& m) { return wanted < m.mapping.start.value; });
    if (behind == modules_.begin() || !std::prev(behind)->mapping.contains(RemoteAddr(address))) {
        unknown_met_ = true;
        return nullptr;
    }
    Module& module = *std::prev(behind);
    if (!module.tried) module.image = ModuleImage::open(process_, memory_, module.mapping);
    module.tried = true;
    return &module;
}

}  // namespace lampyr::native
