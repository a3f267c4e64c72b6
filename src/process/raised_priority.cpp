// SPDX-License-Identifier: MIT
#include "process/raised_priority.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lampyr::process {

namespace {

/// struct sched_attr of sched_setattr(2), first version; glibc has it from 2.41 on.
struct Attributes {
    std::uint32_t size = sizeof(Attributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;
};
constexpr std::uint64_t kResetOnFork = 1;  // SCHED_FLAG_RESET_ON_FORK
constexpr std::int32_t kNice = -11;

bool set(std::uint32_t policy, std::uint64_t flags, std::int32_t nice, std::uint32_t priority) {
    Attributes attributes;
    attributes.policy = policy;
    attributes.flags = flags;
    attributes.nice = nice;
    attributes.priority = priority;
    return ::syscall(SYS_sched_setattr, 0, &attributes, 0U) == 0;
}

}  // namespace

RaisedPriority::RaisedPriority() {
    Attributes now;
    possible_ = ::syscall(SYS_sched_getattr, 0, &now, sizeof now, 0U) == 0 &&
                (now.policy == SCHED_OTHER || now.policy == SCHED_BATCH);
    nice_before_ = now.nice;
    policy_before_ = now.policy;
    flags_before_ = now.flags & kResetOnFork;
}

RaisedPriority::~RaisedPriority() { lower(); }

void RaisedPriority::raise() {
    if (!possible_ || level_ != Level::kNormal) return;
    if (set(SCHED_RR, kResetOnFork, 0, 1))
        level_ = Level::kRealTime;
    else if (nice_before_ > kNice && set(SCHED_OTHER, kResetOnFork, kNice, 0))
        level_ = Level::kNice;
    else
        possible_ = false;
}

void RaisedPriority::lower() {
    if (level_ == Level::kNormal) return;
    // Taking the flag back is a privilege; without it it stays, and does no harm to an ordinary thread's children.
    if (!set(policy_before_, flags_before_, nice_before_, 0)) set(policy_before_, kResetOnFork, nice_before_, 0);
    level_ = Level::kNormal;
}

std::string_view to_string(RaisedPriority::Level level) {
    switch (level) {
        case RaisedPriority::Level::kNormal: return "normal";
        case RaisedPriority::Level::kNice: return "nice -11";
        case RaisedPriority::Level::kRealTime: return "real-time";
    }
    return "normal";
}

}  // namespace lampyr::process
