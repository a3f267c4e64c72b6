// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_handle.hpp"
#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <unordered_map>

namespace lampyr::process {

/// Turns thread ids as a process sees them itself (gettid, `threading.native_id`) into ours. They differ when the
/// process lives in a pid namespace below ours, as in a container; then the kernel lists both (NSpid,
/// proc_pid_status(5)). Otherwise this is the identity and costs nothing.
class TidMap {
  public:
    [[nodiscard]] static Result<TidMap> open(const ProcessHandle& process);

    /// Tid 0 when no living thread has this number. A known number is checked by one read (2 us), an unknown one costs
    /// a pass over all threads: keep the answer for as long as the thread lives.
    [[nodiscard]] Tid to_ours(std::int32_t inner);
    [[nodiscard]] bool is_identity() const { return identity_; }

  private:
    TidMap(UniqueFd directory, bool identity) : directory_(std::move(directory)), identity_(identity) {}

    [[nodiscard]] std::int32_t inner_of(Tid tid) const;
    void refresh();

    UniqueFd directory_;  ///< /proc/PID
    bool identity_;
    std::unordered_map<std::int32_t, Tid> known_;
};

}  // namespace lampyr::process
