// SPDX-License-Identifier: MIT
#pragma once

#include <elf.h>
#include <sys/procfs.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace lampyr::elf::test {

template <typename T>
inline std::string bytes_of(const T& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string note(std::uint32_t type, const std::string& content) {
    const Elf64_Nhdr header{5, static_cast<Elf64_Word>(content.size()), type};
    std::string text = bytes_of(header) + std::string("CORE\0\0\0\0", 8) + content;
    text.resize((text.size() + 3) / 4 * 4);
    return text;
}

/// `futex`: on which it sleeps.
inline std::string thread_note(std::int32_t tid, std::uint64_t futex = 0) {
    prstatus_t status{};
    status.pr_pid = tid;
    user_regs_struct registers{};
    registers.orig_rax = futex != 0 ? SYS_futex : ~0ULL;
    registers.rdi = futex;
    std::memcpy(&status.pr_reg, &registers, sizeof registers);
    return note(NT_PRSTATUS, bytes_of(status));
}

struct Load {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    std::string content{};
    std::uint32_t flags = PF_R;
};

/// A core with these notes and mappings.
inline std::string core(const std::string& notes, const std::vector<Load>& loads) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(loads.size() + 1);
    std::uint64_t at = sizeof header + header.e_phnum * sizeof(Elf64_Phdr);
    Elf64_Phdr part{};
    part.p_type = PT_NOTE;
    part.p_offset = at;
    part.p_filesz = notes.size();
    part.p_align = 4;
    std::string headers = bytes_of(header) + bytes_of(part);
    std::string body = notes;
    at += notes.size();
    for (const Load& load : loads) {
        part = {};
        part.p_type = PT_LOAD;
        part.p_flags = load.flags;
        part.p_offset = at;
        part.p_vaddr = load.start;
        part.p_filesz = load.content.size();
        part.p_memsz = load.size;
        headers += bytes_of(part);
        body += load.content;
        at += load.content.size();
    }
    return headers + body;
}

}  // namespace lampyr::elf::test
