// SPDX-License-Identifier: MIT
#include "process/task_files.hpp"

#include "process/proc_file.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace lampyr::process {
namespace {

/// Leaves a quarter of the descriptors, at most 256, to everything else. The kernel hands out the lowest free number,
/// so the number of a new descriptor says how full the table is.
int highest_kept_descriptor() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlim_t soft = std::min<rlim_t>(limit.rlim_cur, 1 << 20);
    return static_cast<int>(soft - std::min<rlim_t>(soft / 4, 256));
}

}  // namespace

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // refused: the old limit holds, and is respected
}

TaskFiles::TaskFiles(const ProcessHandle& process, const char* leaf)
    : directory_(::fcntl(process.proc_dir(), F_DUPFD_CLOEXEC, 0)), leaf_(leaf), highest_(highest_kept_descriptor()) {}

TaskFiles::Answer TaskFiles::read(Tid tid, std::span<char> buffer) {
    if (const auto kept = files_.find(tid); kept != files_.end()) {
        if (const auto text = read_start(kept->second.get(), buffer)) return {*text, 0};
        const int error = errno;
        if (error != ESRCH) return {{}, error};
        files_.erase(kept);  // this thread has ended; a new one may have its number
    }
    UniqueFd file(::openat(directory_.get(), ProcPath::relative(tid, leaf_).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return {{}, errno};
    const auto text = read_start(file.get(), buffer);
    if (!text) return {{}, errno};
    if (file.get() < highest_) {
        files_.emplace(tid, std::move(file));
    } else if (++not_kept_ > files_.size()) {
        drop_dead();
        not_kept_ = 0;
    }
    return {*text, 0};
}

void TaskFiles::drop_dead() {
    std::erase_if(files_, [](const auto& entry) {
        char byte = 0;
        return ::pread(entry.second.get(), &byte, 1, 0) < 0;
    });
}

}  // namespace lampyr::process
