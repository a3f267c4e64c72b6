// SPDX-License-Identifier: MIT
#include "process/vm_memory.hpp"

#include "process/permissions.hpp"
#include "process/proc_file.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace lampyr::process {
namespace {

// The kernel takes our segment list as it is.
static_assert(sizeof(RemoteSegment) == sizeof(iovec));
static_assert(offsetof(RemoteSegment, address) == offsetof(iovec, iov_base));
static_assert(offsetof(RemoteSegment, size) == offsetof(iovec, iov_len));
static_assert(sizeof(RemoteSegment::size) == sizeof(iovec::iov_len));

/// UIO_MAXIOV of the kernel, IOV_MAX of the C library.
constexpr std::size_t kMaxSegments = 1024;

ssize_t vm_readv(Tid tid, std::span<const RemoteSegment> segments, std::span<std::byte> out) {
    const iovec local{out.data(), out.size()};
    return ::process_vm_readv(tid.value, &local, 1, reinterpret_cast<const iovec*>(segments.data()), segments.size(),
                              0);
}

std::size_t total_size(std::span<const RemoteSegment> segments, std::size_t limit) {
    std::size_t total = 0;
    for (const RemoteSegment& segment : segments) {
        if (segment.size >= limit - total) return limit;
        total += segment.size;
    }
    return total;
}

}  // namespace

Result<std::unique_ptr<VmMemory>> VmMemory::open(Pid pid) {
    auto process = ProcessHandle::open(pid);
    if (!process) return std::move(process).error();
    std::unique_ptr<VmMemory> memory(new VmMemory(*std::move(process)));
    int refused = memory->probe();
    if (refused == ESRCH && memory->choose_thread()) refused = memory->probe();
    if (refused == 0) return memory;
    if ((refused == ENOSYS || refused == EPERM) && memory->open_proc_mem()) return memory;
    return explain_access_failure(pid, refused);
}

Result<std::unique_ptr<VmMemory>> VmMemory::open(Pid pid, Method method) {
    auto memory = open(pid);
    if (memory && method == Method::kProcMem && !(*memory)->open_proc_mem()) return explain_access_failure(pid, errno);
    return memory;
}

/// Whether process_vm_readv is there and permitted: 0 or the errno. The permission check comes before the (failing)
/// copy from address 0.
int VmMemory::probe() const {
    std::byte byte{};
    const RemoteSegment nowhere{0, 1};
    if (vm_readv(tid_, {&nowhere, 1}, {&byte, 1}) >= 0 || errno == EFAULT) return 0;
    return errno;
}

std::size_t VmMemory::read_segments(std::span<const RemoteSegment> segments, std::span<std::byte> out) const {
    if (gone_) return 0;
    std::size_t copied = 0;
    while (!segments.empty() && copied < out.size()) {
        const auto batch = segments.first(std::min(segments.size(), kMaxSegments));
        segments = segments.subspan(batch.size());
        const std::span<std::byte> room = out.subspan(copied);
        const std::size_t got = read_batch(batch, room);
        copied += got;
        if (!segments.empty() && got < total_size(batch, room.size())) break;
    }
    return still_same_process() ? copied : 0;
}

std::size_t VmMemory::read_batch(std::span<const RemoteSegment> segments, std::span<std::byte> out) const {
    // A few tries: the thread whose id is used may end between two calls, and the way of reading may change once.
    for (int tries = 0; tries < 8; ++tries) {
        if (method_ == Method::kProcMem) return read_by_pread(segments, out);
        ++calls_;
        const ssize_t got = vm_readv(tid_, segments, out);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == ESRCH) {
            if (!choose_thread()) return 0;
        } else if (errno == ENOSYS || errno == EPERM) {
            if (!open_proc_mem()) return 0;
        } else {
            return 0;  // EFAULT: not one byte of the first segment could be read
        }
    }
    return 0;
}

std::size_t VmMemory::read_by_pread(std::span<const RemoteSegment> segments, std::span<std::byte> out) const {
    std::size_t copied = 0;
    bool reopened = false;
    for (const RemoteSegment& segment : segments) {
        std::size_t left = std::min<std::size_t>(segment.size, out.size() - copied);
        std::uint64_t address = segment.address;
        while (left > 0) {
            ++calls_;
            const ssize_t got = ::pread(proc_mem_.get(), out.data() + copied, left, static_cast<off_t>(address));
            if (got < 0) return copied;
            if (got == 0) {
                // The address space this descriptor was opened on is gone: execve, or the end of the process.
                if (reopened || copied > 0 || !open_proc_mem()) return copied;
                reopened = true;
                continue;
            }
            const auto bytes = static_cast<std::size_t>(got);
            copied += bytes;
            address += bytes;
            left -= bytes;
        }
    }
    return copied;
}

/// The main thread may have ended while others live; the kernel then answers only for a thread that still runs.
bool VmMemory::choose_thread() const {
    const auto living = process_.living_thread();
    if (!living) {
        gone_ = process_.exited();
        return false;
    }
    tid_ = *living;
    return true;
}

bool VmMemory::open_proc_mem() const {
    UniqueFd memory = process_.open_file("mem");
    if (!memory) return false;
    proc_mem_ = std::move(memory);
    method_ = Method::kProcMem;
    return true;
}

/// Whether what was read came from our process and not from a new owner of its PID. Asked after the read, so that an
/// answer "alive" covers it; once per tick of the coarse clock (1 to 10 ms), in which no PID comes round again. A
/// descriptor on /proc/PID/mem cannot change owner.
bool VmMemory::still_same_process() const {
    if (gone_) return false;
    if (method_ == Method::kProcMem) return true;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_nsec == checked_.tv_nsec && now.tv_sec == checked_.tv_sec) return true;
    checked_ = now;
    if (process_.exited()) {
        gone_ = true;
    } else if (tid_.value != process_.pid().value && !process_.has_thread(tid_)) {
        // The stand-in thread has ended and its number may be somebody else's by now.
        static_cast<void>(choose_thread());
        return false;
    }
    return !gone_;
}

}  // namespace lampyr::process
