// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"
#include "process/process_handle.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::process {

/// One line of /proc/PID/maps (proc_pid_maps(5)).
struct Mapping {
    RemoteAddr start, end;
    std::uint64_t file_offset = 0;
    bool readable = false, writable = false, executable = false, shared = false;
    std::uint32_t device_major = 0, device_minor = 0;
    std::uint64_t inode = 0;  ///< 0: no file
    std::string path;         ///< as the target sees it, "[heap]" and the like, or empty; raw bytes, hostile
    /// The kernel said " (deleted)"; taken off `path`. A living file may be named so: compare device and inode.
    bool deleted = false;

    [[nodiscard]] std::uint64_t size() const { return end - start; }
    [[nodiscard]] bool contains(RemoteAddr address) const { return start <= address && address < end; }
    [[nodiscard]] bool is_file() const { return inode != 0 && path.starts_with('/'); }
    [[nodiscard]] bool same_file(const Mapping& other) const {
        return inode == other.inode && device_major == other.device_major && device_minor == other.device_minor;
    }
};

/// kCorrupt when a line is not as the kernel writes them.
[[nodiscard]] Result<std::vector<Mapping>> parse_maps(std::string_view text);

/// The mappings in ascending order. Works when the main thread has ended and others live. Never empty: a process
/// without memory is an error that says what it is.
[[nodiscard]] Result<std::vector<Mapping>> read_maps(Pid pid);
[[nodiscard]] Result<std::vector<Mapping>> read_maps(const ProcessHandle& process);
/// The text as it is, for recordings.
[[nodiscard]] Result<std::string> read_maps_text(const ProcessHandle& process);

/// The mapping that holds the address, by binary search; null if none.
[[nodiscard]] const Mapping* find_mapping(const std::vector<Mapping>& mappings, RemoteAddr address);

}  // namespace lampyr::process
