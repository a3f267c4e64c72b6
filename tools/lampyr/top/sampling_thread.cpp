// SPDX-License-Identifier: MIT
#include "top/sampling_thread.hpp"

#include <signal.h>

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>

namespace lampyr::tool {

Result<std::unique_ptr<SamplingThread>> SamplingThread::start(std::vector<Target>& targets,
                                                              const SamplerOptions& options, LiveSink& sink) {
    auto sampling = std::unique_ptr<SamplingThread>(new SamplingThread);
    sigset_t all, before;
    ::sigfillset(&all);
    for (const int crash : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
        ::sigdelset(&all, crash);  // the terminal is put back
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::optional<Error> failure;
    try {
        sampling->thread_ =
            std::thread([raw = sampling.get(), &targets, options, &sink] { raw->run(targets, options, sink); });
    } catch (const std::system_error& error) {
        failure = Error{ErrorCode::kSystem, "cannot start a thread", "", error.code().value()};
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (failure) return *failure;
    return sampling;
}

void SamplingThread::run(std::vector<Target>& targets, const SamplerOptions& options, LiveSink& sink) {
    try {
        result_.emplace(record(
            targets, options, stop_, [&sink](const SamplerProgress& progress) { sink.take(progress); }, &sink));
    } catch (const std::exception& failure) {
        result_.emplace(
            Error{ErrorCode::kInternal, std::string("internal error: ") + failure.what(), "please report it"});
    }
    const std::lock_guard lock(mutex_);
    done_.store(true, std::memory_order_release);
    ended_.notify_all();
}

bool SamplingThread::wait_until(std::chrono::steady_clock::time_point when, const std::atomic<bool>& stop) {
    constexpr std::chrono::milliseconds kSlice{50};  // a signal handler cannot wake us
    std::unique_lock lock(mutex_);
    while (!done() && !stop && std::chrono::steady_clock::now() < when)
        ended_.wait_until(lock, std::min(when, std::chrono::steady_clock::now() + kSlice));
    return done();
}

void SamplingThread::stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

}  // namespace lampyr::tool
