// SPDX-License-Identifier: MIT
#include "process/tracer_place.hpp"

#include "process/proc_file.hpp"

namespace lampyr::process {
namespace {

/// A busy machine makes every stop long, and moves threads about.
constexpr std::chrono::milliseconds kLookEvery{20};

/// Field 39 of /proc/PID/task/TID/stat: the processor that the thread ran on last (proc_pid_stat(5)); -1: not known.
int processor_of(const ProcessHandle& process, Tid tid) {
    constexpr int kFieldsBehindName = 37;  // the third is the first behind the name
    std::array<char, 4096> buffer;
    const UniqueFd file(::openat(process.proc_dir(), ProcPath::relative(tid, "stat").c_str(), O_RDONLY | O_CLOEXEC));
    const auto text = file ? read_start(file.get(), buffer) : std::nullopt;
    if (!text || text->rfind(')') == text->npos) return -1;
    std::string_view rest = text->substr(text->rfind(')') + 1);
    for (int field = 1; field <= kFieldsBehindName; ++field) {
        if (rest.empty()) return -1;
        rest.remove_prefix(1);
        const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
        if (field == kFieldsBehindName) return parse_number<int>(word).value_or(-1);
        rest.remove_prefix(word.size());
    }
    return -1;
}

}  // namespace

TracerPlace::TracerPlace() {
    if (::sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) CPU_ZERO(&allowed_);
}

void TracerPlace::follow(const ProcessHandle& process, Tid tid) {
    const Clock::time_point now = Clock::now();
    if (now - looked_ < kLookEvery) return;
    looked_ = now;
    const int theirs = processor_of(process, tid);
    if (theirs == processor_ || theirs < 0 || theirs >= CPU_SETSIZE) return;
    const auto processor = static_cast<std::size_t>(theirs);
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    CPU_SET(processor, &wanted);
    const bool permitted = CPU_ISSET(processor, &allowed_) != 0;
    if (permitted && ::sched_setaffinity(0, sizeof wanted, &wanted) == 0) {
        processor_ = theirs;
    } else if (processor_ >= 0 && ::sched_setaffinity(0, sizeof allowed_, &allowed_) == 0) {
        processor_ = -1;
    }
}

}  // namespace lampyr::process
