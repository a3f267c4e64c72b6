// SPDX-License-Identifier: MIT
#include "signals.hpp"

#include "exit_codes.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>

namespace lampyr::tool {
namespace {

constexpr std::array<int, 4> kHandled{SIGINT, SIGTERM, SIGHUP, SIGPIPE};

struct CleanupSlot {
    std::atomic<int> directory{-1};  ///< -1: free or being filled
    std::atomic<bool> taken{false};
    std::array<char, 64> name{};
};

// A handler can reach nothing but statics; this is all the mutable state there is, and only lock-free atomics.
std::atomic<bool> stop_requested{false};
enum Stage : int { kRecording, kWritten, kWaiting };
std::atomic<int> stage{kRecording};
std::atomic<bool> profile_stays{false};
std::atomic<int> first_signal{0};
std::atomic<int> last_signal{0};
std::atomic<std::int64_t> last_time_ms{0};
std::atomic<void (*)()> restore_first{nullptr};
std::array<CleanupSlot, 4> cleanup_slots;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

/// Wrappers such as `uv run` pass Ctrl-C on to a child that the terminal has signalled already.
constexpr std::int64_t kEchoMs = 100;

std::int64_t now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

[[noreturn]] void leave(int signal, std::string_view words) {
    if (void (*const restore)() = restore_first) restore();
    const ssize_t written = ::write(STDERR_FILENO, words.data(), words.size());
    static_cast<void>(written);
    ::_exit(kExitSignalBase + signal);
}

[[noreturn]] void abort_recording(int signal) {
    for (CleanupSlot& slot : cleanup_slots) {
        const int directory = slot.directory.load();
        if (directory >= 0) ::unlinkat(directory, slot.name.data(), 0);
    }
    leave(signal, profile_stays ? "lampyr: second signal, stopped at once; the file holds what was written until now\n"
                                : "lampyr: second signal, stopped at once; nothing was written\n");
}

void on_signal(int signal) {
    const int saved = errno;
    const std::int64_t now = now_ms();
    const bool echo = last_signal.exchange(signal) == signal && now - last_time_ms.load() < kEchoMs;
    last_time_ms = now;
    if (!echo) {
        int none = 0;
        const bool first = first_signal.compare_exchange_strong(none, signal);
        switch (stage) {
            case kRecording:
                if (!first) abort_recording(signal);
                break;
            case kWritten:
                if (!first) leave(signal, "");
                break;
            default:
                if (!first || signal != SIGINT) leave(signal, "lampyr: not waiting any longer; the program goes on\n");
        }
        stop_requested = true;
    }
    errno = saved;
}

void on_pipe(int) {}

}  // namespace

StopSignals::StopSignals() {
    stop_requested = false;
    stage = kRecording;
    profile_stays = false;
    first_signal = 0;
    last_signal = 0;
    for (std::size_t i = 0; i < kHandled.size(); ++i) {
        struct sigaction action {};
        action.sa_handler = kHandled[i] == SIGPIPE ? on_pipe : on_signal;
        ::sigfillset(&action.sa_mask);
        ::sigaction(kHandled[i], nullptr, &before_[i]);
        if (before_[i].sa_handler != SIG_IGN) ::sigaction(kHandled[i], &action, nullptr);
    }
}

StopSignals::~StopSignals() {
    for (std::size_t i = 0; i < kHandled.size(); ++i) ::sigaction(kHandled[i], &before_[i], nullptr);
}

const std::atomic<bool>& StopSignals::stop() const { return stop_requested; }

int StopSignals::received() const { return first_signal; }

void StopSignals::file_stays() { profile_stays = true; }

void StopSignals::files_written() { stage = kWritten; }

void StopSignals::now_waiting() { stage = kWaiting; }

void StopSignals::before_leaving(void (*restore)()) { restore_first = restore; }

AbortCleanup::AbortCleanup(int directory, const std::string& name) : slot_(cleanup_slots.size()) {
    for (std::size_t i = 0; i < cleanup_slots.size(); ++i) {
        CleanupSlot& slot = cleanup_slots[i];
        if (name.size() >= slot.name.size() || slot.taken.exchange(true)) continue;
        std::memcpy(slot.name.data(), name.c_str(), name.size() + 1);
        slot.directory = directory;
        slot_ = i;
        return;
    }
}

AbortCleanup::~AbortCleanup() {
    if (slot_ == cleanup_slots.size()) return;
    cleanup_slots[slot_].directory = -1;
    cleanup_slots[slot_].taken = false;
}

}  // namespace lampyr::tool
