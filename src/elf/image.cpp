// SPDX-License-Identifier: MIT
#include "elf/image.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lampyr::elf {
namespace {

constexpr std::size_t kMaxSegments = 256;
constexpr std::uint64_t kMaxTableBytes = 512U << 20;  // the largest .symtab we are willing to read
constexpr std::uint64_t kMaxNoteBytes = 1U << 20;
constexpr std::uint64_t kPageMask = 0xFFF;

Error corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message), {}, 0}; }

bool is_supported(Elf* elf) {
    if (elf_kind(elf) != ELF_K_ELF) return false;
    const char* ident = elf_getident(elf, nullptr);
    return ident != nullptr && ident[EI_CLASS] == ELFCLASS64 && ident[EI_DATA] == ELFDATA2LSB;
}

std::vector<LoadSegment> read_segments(Elf* elf) {
    std::vector<LoadSegment> segments;
    std::size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0) return segments;
    for (std::size_t i = 0; i < std::min(count, kMaxSegments); ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_LOAD) continue;
        segments.push_back({header.p_vaddr, header.p_offset, header.p_filesz, header.p_memsz,
                            (header.p_flags & PF_R) != 0, (header.p_flags & PF_W) != 0, (header.p_flags & PF_X) != 0});
    }
    return segments;
}

/// Fills what is still missing in `found` from one symbol table; returns whether all is found.
bool search_table(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, std::span<const std::string_view> names,
                  std::span<std::optional<Symbol>> found) {
    if (header.sh_entsize == 0 || header.sh_size > kMaxTableBytes) return false;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return false;
    std::size_t missing = static_cast<std::size_t>(std::count(found.begin(), found.end(), std::nullopt));
    const std::size_t count = std::min<std::uint64_t>(data->d_size / sizeof(Elf64_Sym), INT32_MAX);
    for (std::size_t i = 1; i < count && missing > 0; ++i) {
        GElf_Sym symbol;
        if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
        if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) continue;
        const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
        if (name == nullptr) continue;
        for (std::size_t n = 0; n < names.size(); ++n) {
            if (found[n] || names[n] != name) continue;
            found[n] = Symbol{symbol.st_value, symbol.st_size};
            --missing;
        }
    }
    return missing == 0;
}

}  // namespace

struct Image::Handle {
    int fd = -1;
    Elf* elf = nullptr;
    std::vector<LoadSegment> segments;

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (elf != nullptr) elf_end(elf);
        if (fd >= 0) ::close(fd);
    }
};

Image::Image(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;

Result<Image> Image::open(int fd) {
    if (elf_version(EV_CURRENT) == EV_NONE) return Error{ErrorCode::kInternal, "libelf is too old", {}, 0};
    auto handle = std::make_unique<Handle>();
    handle->fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (handle->fd < 0) return Error{ErrorCode::kSystem, "cannot duplicate a file descriptor", {}, errno};
    handle->elf = elf_begin(handle->fd, ELF_C_READ, nullptr);
    if (handle->elf == nullptr) return corrupt(fmt::format("not an ELF file ({})", elf_errmsg(-1)));
    if (!is_supported(handle->elf)) return corrupt("not a 64-bit little-endian ELF file");
    handle->segments = read_segments(handle->elf);
    return Image(std::move(handle));
}

std::span<const LoadSegment> Image::segments() const { return handle_->segments; }

std::optional<std::uint64_t> load_bias(std::span<const LoadSegment> segments, RemoteAddr mapping_start,
                                       std::uint64_t mapping_file_offset) {
    // The kernel rounds a segment down to its page, so a mapping begins up to a page before the segment's own first byte,
    // and one file page can be the end of one segment and the start of the next: the start wins. Parts of one segment can
    // be mapped apart (RELRO), so any offset inside a segment's file range is accepted after that.
    const auto bias = [&](const LoadSegment& segment) {
        return mapping_start.value - (segment.address - segment.file_offset + mapping_file_offset);
    };
    for (const LoadSegment& segment : segments)
        if (mapping_file_offset == (segment.file_offset & ~kPageMask)) return bias(segment);
    for (const LoadSegment& segment : segments)
        if (mapping_file_offset >= segment.file_offset && mapping_file_offset - segment.file_offset < segment.file_size)
            return bias(segment);
    return std::nullopt;
}

std::optional<std::uint64_t> Image::load_bias(RemoteAddr mapping_start, std::uint64_t mapping_file_offset) const {
    return elf::load_bias(handle_->segments, mapping_start, mapping_file_offset);
}

std::vector<std::optional<Symbol>> Image::find_symbols(std::span<const std::string_view> names,
                                                       SymbolTables tables) const {
    std::vector<std::optional<Symbol>> found(names.size());
    for (const GElf_Word type : {GElf_Word{SHT_DYNSYM}, GElf_Word{SHT_SYMTAB}}) {
        if (type == SHT_SYMTAB && tables != SymbolTables::kBoth) break;
        Elf_Scn* section = nullptr;
        while ((section = elf_nextscn(handle_->elf, section)) != nullptr) {
            GElf_Shdr header;
            if (gelf_getshdr(section, &header) == nullptr || header.sh_type != type) continue;
            if (search_table(handle_->elf, section, header, names, found)) return found;
        }
    }
    return found;
}

std::optional<Symbol> Image::find_symbol(std::string_view name, SymbolTables tables) const {
    return find_symbols({&name, 1}, tables).front();
}

std::optional<Section> Image::find_section(std::string_view name) const {
    std::size_t names = 0;
    if (elf_getshdrstrndx(handle_->elf, &names) != 0) return std::nullopt;
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(handle_->elf, section)) != nullptr) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) continue;
        const char* text = elf_strptr(handle_->elf, names, header.sh_name);
        if (text != nullptr && name == text) return Section{header.sh_addr, header.sh_size};
    }
    return std::nullopt;
}

std::string Image::build_id() const {
    std::size_t count = 0;
    if (elf_getphdrnum(handle_->elf, &count) != 0) return {};
    for (std::size_t i = 0; i < std::min(count, kMaxSegments); ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(handle_->elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_NOTE) continue;
        if (header.p_filesz > kMaxNoteBytes) continue;
        Elf_Data* data = elf_getdata_rawchunk(handle_->elf, static_cast<std::int64_t>(header.p_offset), header.p_filesz,
                                              header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
        if (data == nullptr) continue;
        GElf_Nhdr note;
        std::size_t offset = 0, name = 0, description = 0;
        while ((offset = gelf_getnote(data, offset, &note, &name, &description)) > 0) {
            const char* bytes = static_cast<const char*>(data->d_buf);
            if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || note.n_descsz > 64) continue;
            if (std::memcmp(bytes + name, "GNU", 4) != 0) continue;
            std::string hex;
            for (std::size_t b = 0; b < note.n_descsz; ++b)
                hex += fmt::format("{:02x}", static_cast<unsigned char>(bytes[description + b]));
            return hex;
        }
    }
    return {};
}

}  // namespace lampyr::elf
