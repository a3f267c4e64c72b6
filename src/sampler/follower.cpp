// SPDX-License-Identifier: MIT
#include "sampler/follower.hpp"

#include "base/clock.hpp"
#include "base/signals_blocked.hpp"

#include <algorithm>
#include <exception>
#include <system_error>

namespace lampyr::sampler {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// A process this young may still be on its way to becoming Python.
constexpr nanoseconds kYoung = std::chrono::seconds(2);
constexpr nanoseconds kFirstPause = milliseconds(1);
constexpr nanoseconds kYoungPause = milliseconds(20);
/// One that has not become Python while it was young is asked ever more seldom: it may load an interpreter later.
constexpr nanoseconds kLongestPause = std::chrono::seconds(10);
/// Between two passes: at least this, and longer when watching takes long, so that it costs a hundredth of a CPU.
constexpr nanoseconds kShortestGap = milliseconds(5);
constexpr nanoseconds kLongestGap = milliseconds(250);
constexpr std::int64_t kGapPerCost = 100;
constexpr nanoseconds kImagesEvery = milliseconds(50);
/// A tree may grow without end; beyond this many living processes new ones are not followed.
constexpr std::size_t kMostMembers = 4096;

}  // namespace

Result<std::unique_ptr<Follower>> Follower::start(std::span<const Pid> roots, const Options& options) {
    std::vector<Member> members;
    for (const Pid pid : roots) {
        auto handle = process::ProcessHandle::open(pid);
        if (!handle) return handle.error();
        members.push_back({std::move(*handle), Pid(0), SteadyClock().now()});
    }
    auto follower = std::unique_ptr<Follower>(new Follower(std::move(members), options));
    try {
        const base::SignalsBlocked blocked;
        follower->thread_ = std::thread([raw = follower.get()] { raw->run(); });
    } catch (const std::system_error& failure) {
        return Error{ErrorCode::kSystem, "cannot start a thread", "", failure.code().value()};
    }
    return follower;
}

Follower::Follower(std::vector<Member> roots, const Options& options) : options_(options), members_(std::move(roots)) {}

Follower::~Follower() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Follower::take(std::vector<std::unique_ptr<Target::Impl>>& found) {
    const std::lock_guard lock(mutex_);
    has_found_ = false;
    for (auto& impl : found_) found.push_back(std::move(impl));
    found_.clear();
}

std::optional<Error> Follower::refusal() const {
    const std::lock_guard lock(mutex_);
    return refusal_;
}

void Follower::give(std::unique_ptr<Target::Impl> impl) {
    const std::lock_guard lock(mutex_);
    found_.push_back(std::move(impl));
    has_found_.store(true, std::memory_order_release);
}

void Follower::run() {
    SteadyClock clock;
    std::unique_lock lock(mutex_);
    while (!stop_) {
        lock.unlock();
        const nanoseconds began = clock.now();
        bool waits = false;
        nanoseconds cost{0};
        try {
            cost = watch(began);
            open_members(began);
            waits = std::any_of(members_.begin(), members_.end(),
                                [&](const Member& member) { return may_bring_more(member, began); });
        } catch (const std::exception&) {
            // Out of memory: what is followed already goes on.
        }
        const nanoseconds ended = clock.now();
        nanoseconds gap = std::clamp<nanoseconds>(kGapPerCost * cost, kShortestGap, kLongestGap);
        for (const Member& member : members_)
            if (!member.opened) gap = std::min(gap, std::max<nanoseconds>(member.next_try - ended, kFirstPause));
        lock.lock();
        waits_.store(waits, std::memory_order_release);
        if (!waits) break;
        wake_.wait_for(lock, gap, [this] { return stop_; });
    }
}

/// Who is new and who is gone. Returns the CPU time it took.
nanoseconds Follower::watch(nanoseconds now) {
    const nanoseconds before = thread_cpu_time();
    if (now >= next_images_) {
        check_images(now);
        next_images_ = now + kImagesEvery;
    }
    for (Member& member : members_) member.gone = member.gone || member.handle.exited();
    if (options_.children) find_children(now);
    std::erase_if(members_, [](const Member& member) { return member.gone; });
    return thread_cpu_time() - before;
}

/// What this takes does not count: there is an end to it, and a process that lives shortly cannot wait.
void Follower::open_members(nanoseconds now) {
    for (Member& member : members_)
        if (!member.opened && now >= member.next_try) try_member(member, now);
}

bool Follower::knows(Pid pid) const {
    const auto same = [pid](const Member& member) { return member.handle.pid() == pid && !member.gone; };
    return std::any_of(members_.begin(), members_.end(), same) ||
           std::any_of(new_members_.begin(), new_members_.end(), same);
}

/// Children of children turn up in the same pass.
void Follower::find_children(nanoseconds now) {
    new_members_.clear();
    for (std::size_t i = 0; i < members_.size() + new_members_.size(); ++i) {
        const process::ProcessHandle& parent =
            i < members_.size() ? members_[i].handle : new_members_[i - members_.size()].handle;
        const Pid parent_pid = parent.pid();
        reader_.read(parent, children_);
        for (const Pid child : children_) {
            if (knows(child) || members_.size() + new_members_.size() >= kMostMembers) continue;
            auto handle = process::ProcessHandle::open(child);
            if (handle) new_members_.push_back({std::move(*handle), parent_pid, now});
        }
    }
    for (Member& member : new_members_) members_.push_back(std::move(member));
    new_members_.clear();
}

/// A process that runs another program is another process for us.
void Follower::check_images(nanoseconds now) {
    for (Member& member : members_) {
        if (member.gone || !member.handle.image_changed() || member.handle.exited()) continue;
        member.handle.accept_image();
        member.since = now;
        member.next_try = now;
        member.pause = nanoseconds(0);
        member.opened = false;
    }
}

bool Follower::is_young(const Member& member, nanoseconds now) { return now - member.since < kYoung; }

/// Workers are forks of their server or of one another. To search the images of each would take longer than a short one lives.
const cpython::RuntimeLocation* Follower::runtime_of_relative(const Member& member) const {
    for (const Member& other : members_)
        if (&other != &member && other.opened && other.runtime && other.handle.same_image(member.handle))
            return &*other.runtime;
    return nullptr;
}

void Follower::try_member(Member& member, nanoseconds now) {
    // A vfork child runs on its parent's memory until it becomes another program. It is not the parent.
    const bool borrowed = member.parent.value != 0 && process::share_memory(member.parent, member.handle.pid());
    if (!borrowed) {
        member.handle.accept_image();
        auto impl = look_at_process(member.handle.pid(), runtime_of_relative(member));
        // What was opened must be what this member stands for: neither a later process of that number, nor a later image, which
        // would be opened once more.
        const bool same = impl && (*impl)->memory->process().start_time() == member.handle.start_time() &&
                          !member.handle.image_changed();
        if (same) {
            member.opened = true;
            member.runtime = (*impl)->runtime;
            give(std::move(*impl));
            return;
        }
        if (!impl && (member.parent.value == 0 || impl.error().code == ErrorCode::kPermission)) {
            const std::lock_guard lock(mutex_);
            if (!refusal_ || impl.error().code == ErrorCode::kPermission) refusal_ = impl.error();
        }
    }
    const nanoseconds longest = is_young(member, now) ? kYoungPause : kLongestPause;
    member.pause = std::clamp<nanoseconds>(2 * member.pause, kFirstPause, longest);
    member.next_try = now + member.pause;
}

bool Follower::may_bring_more(const Member& member, nanoseconds now) const {
    if (member.gone) return false;
    if (options_.children && member.parent.value == 0) return true;
    return !member.opened && is_young(member, now);
}

}  // namespace lampyr::sampler
