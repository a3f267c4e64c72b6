// SPDX-License-Identifier: MIT
#include "process/namespaces.hpp"

#include "process/permissions.hpp"
#include "process/proc_file.hpp"
#include "process/status_file.hpp"

#include <cerrno>

namespace lampyr::process {

Result<TidMap> TidMap::open(const ProcessHandle& process) {
    UniqueFd directory(::fcntl(process.proc_dir(), F_DUPFD_CLOEXEC, 0));
    if (!directory) return os_error(ErrorCode::kSystem, "cannot duplicate a descriptor", errno);
    std::string text;
    if (const int error = read_file_at(directory.get(), "status", kStatusLimit, text); error != 0) {
        return explain_access_failure(process.pid(), error);
    }
    // One number for each namespace from that of our /proc inwards. None before Linux 4.1.
    const bool identity = StatusFile(text).ids("NSpid").size() <= 1;
    return TidMap(std::move(directory), identity);
}

Tid TidMap::to_ours(std::int32_t inner) {
    if (identity_) return Tid(inner);
    if (inner <= 0) return Tid(0);
    // The number may have passed on to another thread since it was learnt.
    if (const auto known = known_.find(inner); known != known_.end() && inner_of(known->second) == inner) {
        return known->second;
    }
    refresh();
    const auto found = known_.find(inner);
    return found == known_.end() ? Tid(0) : found->second;
}

std::int32_t TidMap::inner_of(Tid tid) const {
    std::string text;
    if (read_file_at(directory_.get(), ProcPath::relative(tid, "status").c_str(), kStatusLimit, text) != 0) return 0;
    const auto numbers = StatusFile(text).ids("NSpid");
    return numbers.empty() ? 0 : static_cast<std::int32_t>(numbers.back());
}

void TidMap::refresh() {
    known_.clear();
    const UniqueFd tasks(::openat(directory_.get(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return;
    static_cast<void>(for_each_number(tasks.get(), [&](std::int32_t number) {
        if (const std::int32_t inner = inner_of(Tid(number)); inner > 0) known_[inner] = Tid(number);
        return true;
    }));
}

}  // namespace lampyr::process
