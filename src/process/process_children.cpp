// SPDX-License-Identifier: MIT
#include "process/process_children.hpp"

#include "process/proc_file.hpp"
#include "process/process_info.hpp"

#include <linux/kcmp.h>
#include <unistd.h>

#include <algorithm>

namespace lampyr::process {
namespace {

/// A server with 100,000 children has a longer list than that; it then shows its oldest.
constexpr std::size_t kListLimit = std::size_t{1} << 20;

void add_numbers(std::string_view text, std::vector<Pid>& children) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (const auto number = parse_number<std::int32_t>(text.substr(0, end)); number && *number > 0)
            children.emplace_back(*number);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

void ChildrenReader::read(const ProcessHandle& process, std::vector<Pid>& children) {
    children.clear();
    if (lists_ == Lists::kUnknown) {
        const bool kept = ::access("/proc/thread-self/children", R_OK) == 0;
        lists_ = kept ? Lists::kKept : Lists::kAbsent;
    }
    if (lists_ == Lists::kAbsent) {
        if (!process.exited()) children = list_children(process.pid());
        return;
    }
    const UniqueFd tasks(::openat(process.proc_dir(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return;
    static_cast<void>(for_each_number(tasks.get(), [&](std::int32_t tid) {
        const ProcPath path = ProcPath::relative(Tid(tid), "children");
        if (read_file_at(process.proc_dir(), path.c_str(), kListLimit, text_) == 0) add_numbers(text_, children);
        return true;
    }));
}

bool share_memory(Pid one, Pid other) { return ::syscall(SYS_kcmp, one.value, other.value, KCMP_VM, 0, 0) == 0; }

}  // namespace lampyr::process
