// SPDX-License-Identifier: MIT
#include <lampyr/profile_file.hpp>

#include "base/signals_blocked.hpp"
#include "profile/file/block_packer.hpp"
#include "profile/file/delta_encoder.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace lampyr {

namespace {

/// A delta that stands on its own. Its vectors keep their capacity from one second to the next.
struct OwnDelta {
    ProfileInfo info;
    std::vector<std::string> strings;
    std::vector<Function> functions;
    std::vector<Frame> frames;
    std::vector<StackNode> stacks;
    std::uint32_t first_stack = 0;
    std::vector<Process> processes;
    std::vector<ThreadUpdate> threads;
    std::vector<Sample> samples;
    std::vector<SampleGrowth> grown;
    std::optional<StopReason> end;

    void copy(const ProfileDelta& delta) {
        info = delta.info;
        strings.assign(delta.strings.begin(), delta.strings.end());
        functions.assign(delta.functions.begin(), delta.functions.end());
        frames.assign(delta.frames.begin(), delta.frames.end());
        stacks.assign(delta.stacks.begin(), delta.stacks.end());
        first_stack = delta.first_stack;
        processes.assign(delta.processes.begin(), delta.processes.end());
        threads.assign(delta.threads.begin(), delta.threads.end());
        samples.assign(delta.samples.begin(), delta.samples.end());
        grown.assign(delta.grown.begin(), delta.grown.end());
        end = delta.end;
    }
    [[nodiscard]] ProfileDelta view() const {
        return {info, strings, functions, frames, stacks, first_stack, processes, threads, samples, grown, {}, end};
    }
};

}  // namespace

/// The writing thread and the one delta it works on. The recording thread fills the delta while `full_` is false, the
/// writing thread reads it while it is true.
class ProfileFileStream::Worker {
  public:
    Worker(ByteSink& sink, profile::file::BlockPacker packer) : sink_(sink), packer_(std::move(packer)) {}
    ~Worker() { stop(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] Result<void> start() {
        if (!sink_.write(profile::file::file_header())) return write_error();
        const base::SignalsBlocked blocked;
        try {
            thread_ = std::thread([this] { work(); });
        } catch (const std::system_error& error) {
            return Error{ErrorCode::kSystem, "cannot start a thread that writes the profile", "", error.code().value()};
        }
        return {};
    }

    [[nodiscard]] State state() const {
        if (failed_.load(std::memory_order_relaxed)) return State::kFailed;
        return full_.load(std::memory_order_acquire) ? State::kBusy : State::kReady;
    }

    void take(const ProfileDelta& delta) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !full_; });
        delta_.copy(delta);
        full_ = true;
        changed_.notify_all();
    }

    [[nodiscard]] Result<void> finish() {
        stop();
        if (failed_) return write_error();
        return {};
    }

  private:
    static Error write_error() { return Error{ErrorCode::kOutput, "the output could not be written", "", 0}; }

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return full_ || stopping_; });
            if (!full_) return;
            lock.unlock();
            if (!failed_ && !write()) failed_ = true;
            lock.lock();
            full_.store(false, std::memory_order_release);
            changed_.notify_all();
        }
    }
    bool write() {
        try {
            return encoder_.encode(delta_.view(),
                                   [this](std::string_view message) { return sink_.write(packer_.pack(message)); });
        } catch (const std::exception&) {  // out of memory
            return false;
        }
    }
    void stop() {
        if (!thread_.joinable()) return;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    ByteSink& sink_;
    profile::file::BlockPacker packer_;
    profile::file::DeltaEncoder encoder_;
    OwnDelta delta_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> full_{false};
    std::atomic<bool> failed_{false};
    bool stopping_ = false;
    std::thread thread_;
};

ProfileFileStream::ProfileFileStream(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
ProfileFileStream::~ProfileFileStream() = default;

Result<std::unique_ptr<ProfileFileStream>> ProfileFileStream::start(ByteSink& sink) {
    auto packer = profile::file::BlockPacker::make();
    if (!packer) return packer.error();
    auto worker = std::make_unique<Worker>(sink, std::move(*packer));
    if (auto started = worker->start(); !started) return started.error();
    return std::unique_ptr<ProfileFileStream>(new ProfileFileStream(std::move(worker)));
}

ProfileSink::State ProfileFileStream::state() const { return worker_->state(); }

void ProfileFileStream::take(const ProfileDelta& delta) { worker_->take(delta); }

Result<void> ProfileFileStream::finish() { return worker_->finish(); }

}  // namespace lampyr
