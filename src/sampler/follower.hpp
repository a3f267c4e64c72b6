// SPDX-License-Identifier: MIT
#pragma once

#include "process/process_children.hpp"
#include "process/process_handle.hpp"
#include "sampler/target_impl.hpp"

#include <lampyr/result.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace lampyr::sampler {

/// Watches processes and, if asked to, all that descend from them, and opens those that are Python: at once, or when they
/// become it (a launcher, a shell, an interpreter still starting, a process that calls execve). Others are passed over. It
/// has a thread of its own, because to open a process takes milliseconds: nobody's samples wait for it. It uses about a
/// hundredth of a CPU while nothing changes.
class Follower {
  public:
    struct Options {
        bool children = false;  ///< descendants too, for as long as a root lives; else until each root is Python once
    };
    /// kNoSuchProcess when a root is not there.
    [[nodiscard]] static Result<std::unique_ptr<Follower>> start(std::span<const Pid> roots, const Options& options);
    ~Follower();
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    /// Whether `take` has something to give. One atomic read.
    [[nodiscard]] bool has_found() const { return has_found_.load(std::memory_order_acquire); }
    /// Appends the Python processes opened since the last time.
    void take(std::vector<std::unique_ptr<Target::Impl>>& found);
    /// Whether more may come: a root lives, or a young process that may be about to become Python.
    [[nodiscard]] bool waits() const { return waits_.load(std::memory_order_acquire); }
    /// Why the first root that could not be opened was not, as of the last try; nothing when there was no such one.
    [[nodiscard]] std::optional<Error> refusal() const;

  private:
    using nanoseconds = std::chrono::nanoseconds;

    struct Member {
        process::ProcessHandle handle;
        Pid parent;  // 0: a root
        nanoseconds since{0};
        nanoseconds next_try{0};
        nanoseconds pause{0};
        bool opened = false;                                // the image it runs now
        std::optional<cpython::RuntimeLocation> runtime{};  // then
        bool gone = false;
    };

    Follower(std::vector<Member> roots, const Options& options);
    void run();
    nanoseconds watch(nanoseconds now);
    void open_members(nanoseconds now);
    void find_children(nanoseconds now);
    void check_images(nanoseconds now);
    void try_member(Member& member, nanoseconds now);
    [[nodiscard]] const cpython::RuntimeLocation* runtime_of_relative(const Member& member) const;
    [[nodiscard]] static bool is_young(const Member& member, nanoseconds now);
    [[nodiscard]] bool may_bring_more(const Member& member, nanoseconds now) const;
    [[nodiscard]] bool knows(Pid pid) const;
    void give(std::unique_ptr<Target::Impl> impl);

    Options options_;
    std::vector<Member> members_;
    std::vector<Member> new_members_;
    std::vector<Pid> children_;
    process::ChildrenReader reader_;
    nanoseconds next_images_{0};

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_ = false;                                 // under mutex_
    std::vector<std::unique_ptr<Target::Impl>> found_;  // under mutex_
    std::optional<Error> refusal_;                      // under mutex_
    std::atomic<bool> has_found_{false};
    std::atomic<bool> waits_{true};
    std::thread thread_;  // last: it uses all above
};

}  // namespace lampyr::sampler
