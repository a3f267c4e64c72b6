// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <string>

namespace lampyr::tool {

/// What SIGINT, SIGTERM and SIGHUP mean while this object lives; one at a time. The first ends the recording (`stop`
/// becomes true), the second ends lampyr at once and removes the unfinished files. A signal that was ignored when we
/// started (nohup, a background job) stays ignored. SIGPIPE becomes a failed write, here and not in a child: handlers,
/// unlike SIG_IGN, do not outlive an exec.
class StopSignals {
  public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    [[nodiscard]] const std::atomic<bool>& stop() const;
    [[nodiscard]] int received() const;  ///< the first signal's number; 0: none

    /// The profile is being written as it is recorded: a second signal ends lampyr, and what was written stays.
    void file_stays();
    /// The files are complete: from here on a second signal ends lampyr without loss.
    void files_written();
    /// Only the child is awaited: a further signal leaves it running and ends lampyr. A first SIGINT is passed over,
    /// because the terminal sent it to the child as well.
    void now_waiting();
    /// Called, from the handler, before a second signal ends lampyr: puts the terminal back. Null: nothing.
    static void before_leaving(void (*restore)());

  private:
    static constexpr std::size_t kSignals = 4;
    std::array<struct sigaction, kSignals> before_{};
};

/// Names a file to be removed should a second signal end lampyr. Kept where a signal handler may look.
class AbortCleanup {
  public:
    AbortCleanup(int directory, const std::string& name);
    ~AbortCleanup();
    AbortCleanup(const AbortCleanup&) = delete;
    AbortCleanup& operator=(const AbortCleanup&) = delete;

  private:
    std::size_t slot_;
};

}  // namespace lampyr::tool
