// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "elf/image.hpp"
#include "elf/memory_image.hpp"
#include "process/proc_maps.hpp"
#include "process/remote_memory.hpp"

#include <lampyr/ids.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lampyr::cpython {

/// One ELF image in a process, whatever its file is called and whether it still exists. Known from memory where its
/// header is mapped, else from its file. A library mapped twice is two images.
struct TargetImage {
    const process::Mapping* mapping = nullptr;  ///< the one with the ELF header, or the first of the file
    std::optional<elf::MemoryImage> memory;
    std::uint64_t load_bias = 0;
    std::vector<elf::LoadSegment> segments;

    [[nodiscard]] std::string_view path() const { return mapping->path; }
};

/// Images whose ELF header can be read in memory, in address order.
[[nodiscard]] std::vector<TargetImage> list_memory_images(const process::RemoteMemory& memory,
                                                          std::span<const process::Mapping> mappings);

/// Files mapped executable that no memory image stands for (their header is not mapped, or was overwritten).
[[nodiscard]] std::vector<TargetImage> list_file_images(Pid pid, std::span<const process::Mapping> mappings,
                                                        std::span<const TargetImage> known);

/// The file behind an image as the target sees it; nothing when it is gone or is no ELF file any more. It may have been
/// overwritten since it was mapped, so what is found in it must be checked against memory.
[[nodiscard]] std::optional<elf::Image> open_file(Pid pid, const TargetImage& image);

}  // namespace lampyr::cpython
