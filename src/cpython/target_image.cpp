// SPDX-License-Identifier: MIT
#include "cpython/target_image.hpp"

#include "process/target_files.hpp"

#include <algorithm>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMaxImages = 4096;

bool has_elf_magic(const process::RemoteMemory& memory, RemoteAddr address) {
    const auto word = memory.read_value<std::uint32_t>(address);
    return word && *word == 0x464C457F;  // "\x7fELF"
}

}  // namespace

std::vector<TargetImage> list_memory_images(const process::RemoteMemory& memory,
                                            std::span<const process::Mapping> mappings) {
    std::vector<TargetImage> images;
    for (const process::Mapping& mapping : mappings) {
        if (images.size() >= kMaxImages) break;
        // A header is at the start of a file's first page; images loaded without a file are anonymous memory.
        if (!mapping.readable || (mapping.is_file() && mapping.file_offset != 0)) continue;
        if (!has_elf_magic(memory, mapping.start)) continue;
        auto image = elf::MemoryImage::open(memory, mapping.start);
        if (!image) continue;
        TargetImage found;
        found.mapping = &mapping;
        found.load_bias = image->load_bias();
        found.segments.assign(image->segments().begin(), image->segments().end());
        found.memory = std::move(image);
        images.push_back(std::move(found));
    }
    return images;
}

std::vector<TargetImage> list_file_images(Pid pid, std::span<const process::Mapping> mappings,
                                          std::span<const TargetImage> known) {
    std::vector<TargetImage> images;
    const auto is_known = [](std::span<const TargetImage> list, const process::Mapping& mapping) {
        return std::any_of(list.begin(), list.end(),
                           [&](const TargetImage& image) { return image.mapping->same_file(mapping); });
    };
    for (const process::Mapping& mapping : mappings) {
        if (images.size() >= kMaxImages) break;
        if (!mapping.is_file() || !mapping.executable) continue;
        if (is_known(known, mapping) || is_known(images, mapping)) continue;
        TargetImage found;
        found.mapping = &mapping;
        const auto file = open_file(pid, found);
        const auto bias = file ? file->load_bias(mapping.start, mapping.file_offset) : std::nullopt;
        if (!bias) continue;
        found.load_bias = *bias;
        found.segments.assign(file->segments().begin(), file->segments().end());
        images.push_back(std::move(found));
    }
    return images;
}

std::optional<elf::Image> open_file(Pid pid, const TargetImage& image) {
    if (!image.mapping->is_file()) return std::nullopt;
    const auto fd = process::open_mapped_file(pid, *image.mapping);
    if (!fd) return std::nullopt;
    auto file = elf::Image::open(fd->get());
    if (!file) return std::nullopt;
    return std::move(*file);
}

}  // namespace lampyr::cpython
