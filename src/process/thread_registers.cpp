// SPDX-License-Identifier: MIT
#include "process/thread_registers.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

namespace lampyr::process {

#if defined(__x86_64__)

bool registers_readable() { return true; }

std::optional<ThreadRegisters> read_registers(Tid tid) {
    user_regs_struct raw{};
    iovec into{&raw, sizeof raw};
    if (::ptrace(PTRACE_GETREGSET, tid.value, std::uintptr_t{NT_PRSTATUS}, &into) != 0) return std::nullopt;
    if (into.iov_len != sizeof raw) return std::nullopt;  // a 32-bit thread has fewer
    ThreadRegisters registers;
    registers.values = {raw.rax, raw.rdx, raw.rcx, raw.rbx, raw.rsi, raw.rdi, raw.rbp, raw.rsp, raw.r8,
                        raw.r9,  raw.r10, raw.r11, raw.r12, raw.r13, raw.r14, raw.r15, raw.rip};
    return registers;
}

#else

bool registers_readable() { return false; }
std::optional<ThreadRegisters> read_registers(Tid) { return std::nullopt; }

#endif

}  // namespace lampyr::process
