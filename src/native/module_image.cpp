// SPDX-License-Identifier: MIT
#include "native/module_image.hpp"

#include "elf/image.hpp"
#include "native/debug_file.hpp"
#include "native/debug_info.hpp"
#include "native/function_extents.hpp"
#include "process/target_files.hpp"

#include <elfutils/libdw.h>
#include <libelf.h>

#include <string>
#include <vector>

namespace lampyr::native {
namespace {

constexpr std::uint64_t kMostVdsoBytes = 64U << 10;

struct EndElf {
    void operator()(Elf* elf) const { elf_end(elf); }
};
struct EndTables {
    void operator()(Dwarf_CFI* tables) const { dwarf_cfi_end(tables); }
};

}  // namespace

struct ModuleImage::Handle {
    process::UniqueFd fd;
    std::vector<char> memory;  // of the vdso, which is no file
    std::unique_ptr<Elf, EndElf> elf;
    std::unique_ptr<Dwarf_CFI, EndTables> tables;
    process::UniqueFd debug_fd;
    std::unique_ptr<Elf, EndElf> debug_elf;  // what was stripped, if it is in another file
    std::unique_ptr<DebugInfo> debug_info;
};

ModuleImage::ModuleImage(std::unique_ptr<Handle> handle, std::uint64_t bias)
    : handle_(std::move(handle)), bias_(bias) {}
ModuleImage::~ModuleImage() = default;

std::unique_ptr<ModuleImage> ModuleImage::open(const process::ProcessHandle& process,
                                               const process::RemoteMemory& memory, const process::Mapping& mapping) {
    auto handle = std::make_unique<Handle>();
    if (mapping.path == "[vdso]" && mapping.size() <= kMostVdsoBytes) {
        handle->memory.resize(mapping.size());
        if (!memory.read(mapping.start, std::as_writable_bytes(std::span(handle->memory)))) return nullptr;
        if (elf_version(EV_CURRENT) == EV_NONE) return nullptr;
        handle->elf.reset(elf_memory(handle->memory.data(), handle->memory.size()));
        if (!handle->elf) return nullptr;
        return std::unique_ptr<ModuleImage>(new ModuleImage(std::move(handle), mapping.start.value));
    }
    if (!mapping.is_file()) return nullptr;
    auto fd = process::open_mapped_file(process, mapping);
    if (!fd) return nullptr;
    const auto image = elf::Image::open(fd->get());
    if (!image) return nullptr;
    const auto bias = image->load_bias(mapping.start, mapping.file_offset);
    if (!bias) return nullptr;
    handle->fd = std::move(*fd);
    handle->elf.reset(elf_begin(handle->fd.get(), ELF_C_READ, nullptr));
    if (!handle->elf) return nullptr;
    handle->debug_fd = open_debug_file(process, handle->elf.get(), mapping.path, image->build_id());
    if (handle->debug_fd) handle->debug_elf.reset(elf_begin(handle->debug_fd.get(), ELF_C_READ, nullptr));
    return std::unique_ptr<ModuleImage>(new ModuleImage(std::move(handle), *bias));
}

Dwarf_CFI_s* ModuleImage::unwind_tables() {
    if (!tables_read_) handle_->tables.reset(dwarf_getcfi_elf(handle_->elf.get()));
    tables_read_ = true;
    return handle_->tables.get();
}

const SymbolTable& ModuleImage::symbols() {
    if (symbols_) return *symbols_;
    symbols_.emplace();
    symbols_->add(handle_->elf.get());
    if (handle_->debug_elf) symbols_->add(handle_->debug_elf.get());
    symbols_->sort();
    name_hidden_eval_loop(*symbols_, handle_->elf.get());
    return *symbols_;
}

bool ModuleImage::name_eval_loop() {
    static_cast<void>(symbols());
    return name_nameless_eval_loop(*symbols_, handle_->elf.get());
}

std::vector<std::string> ModuleImage::inlined_at(std::uint64_t address) {
    if (!debug_info_read_) {
        debug_info_read_ = true;
        if (handle_->debug_elf) handle_->debug_info = DebugInfo::open(handle_->debug_elf.get());
        if (!handle_->debug_info) handle_->debug_info = DebugInfo::open(handle_->elf.get());
    }
    return handle_->debug_info ? handle_->debug_info->inlined_at(address) : std::vector<std::string>();
}

}  // namespace lampyr::native
