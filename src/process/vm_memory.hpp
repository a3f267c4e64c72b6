// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"
#include "process/remote_memory.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <ctime>
#include <memory>

namespace lampyr::process {

/// The memory of a live process, read without stopping or changing it: process_vm_readv, and pread on /proc/PID/mem
/// where a kernel or sandbox lacks that call. Follows one process only: once it has ended every read gives 0 bytes,
/// even when its PID has a new owner. Survives the end of the main thread while other threads live. Not for two threads
/// at a time.
class VmMemory final : public RemoteMemory {
  public:
    enum class Method : std::uint8_t { kProcessVmReadv, kProcMem };

    /// Checks that reading is permitted; the error says which rule forbids it.
    [[nodiscard]] static Result<std::unique_ptr<VmMemory>> open(Pid pid);
    /// Same, with the way of reading given; for tests and for kernels that misreport.
    [[nodiscard]] static Result<std::unique_ptr<VmMemory>> open(Pid pid, Method method);

    [[nodiscard]] std::size_t read_segments(std::span<const RemoteSegment> segments,
                                            std::span<std::byte> out) const override;
    [[nodiscard]] bool is_living() const override { return true; }

    /// System calls that read target memory so far.
    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    [[nodiscard]] Method method() const { return method_; }
    [[nodiscard]] const ProcessHandle& process() const { return process_; }

  private:
    explicit VmMemory(ProcessHandle process) : process_(std::move(process)), tid_(process_.pid().value) {}

    [[nodiscard]] int probe() const;
    [[nodiscard]] std::size_t read_batch(std::span<const RemoteSegment> segments, std::span<std::byte> out) const;
    [[nodiscard]] std::size_t read_by_pread(std::span<const RemoteSegment> segments, std::span<std::byte> out) const;
    [[nodiscard]] bool choose_thread() const;
    [[nodiscard]] bool open_proc_mem() const;
    [[nodiscard]] bool still_same_process() const;

    ProcessHandle process_;
    // Reading is const for those who read; how it is done may change underneath.
    mutable Tid tid_;
    mutable Method method_ = Method::kProcessVmReadv;
    mutable UniqueFd proc_mem_;
    mutable bool gone_ = false;
    mutable timespec checked_{};
    mutable std::uint64_t calls_ = 0;
};

}  // namespace lampyr::process
