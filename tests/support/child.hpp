// SPDX-License-Identifier: MIT
#pragma once

#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>

#include <sys/types.h>

#include <functional>
#include <span>
#include <string_view>
#include <type_traits>

namespace lampyr::test {

/// The child's end of a `ForkedChild`: two pipes.
class ChildPort {
  public:
    ChildPort(int in, int out) : in_(in), out_(out) {}

    template <typename T>
    void send(const T& value) const {
        static_assert(std::is_trivially_copyable_v<T>);
        send_bytes(std::as_bytes(std::span(&value, 1)));
    }
    /// One byte to say "I am where you want me".
    void ready() const { send('r'); }
    /// Waits for `ForkedChild::go`; ends the child when the test is gone.
    void await_go() const;
    void send_bytes(std::span<const std::byte> bytes) const;

    [[nodiscard]] int in() const { return in_; }
    [[nodiscard]] int out() const { return out_; }

  private:
    int in_;
    int out_;
};

/// A victim process: a fork of the test that runs `body` and then leaves with status 0, or with what `body` returns.
/// Killed and collected at the end of scope, and by the kernel when the test dies. A child that does not answer within
/// ten seconds aborts the test.
class ForkedChild {
  public:
    explicit ForkedChild(const std::function<int(ChildPort&)>& body);
    ~ForkedChild();
    ForkedChild(const ForkedChild&) = delete;
    ForkedChild& operator=(const ForkedChild&) = delete;

    [[nodiscard]] Pid pid() const { return Pid(pid_); }

    template <typename T>
    [[nodiscard]] T receive() {
        static_assert(std::is_trivially_copyable_v<T>);
        T value;
        receive_bytes(std::as_writable_bytes(std::span(&value, 1)));
        return value;
    }
    void await_ready() { static_cast<void>(receive<char>()); }
    void go() { write("g"); }
    /// Text for the child's end of the pipe.
    void write(std::string_view text);
    void signal(int number) const;
    /// Sends SIGKILL and collects.
    void kill();
    /// Collects the child; the status as of waitpid.
    int wait();
    /// Waits until the child has ended without collecting it: a zombie from then on.
    void await_zombie() const;

  private:
    void receive_bytes(std::span<std::byte> bytes);

    pid_t pid_ = -1;
    bool collected_ = false;
    int status_ = 0;
    process::UniqueFd to_child_;
    process::UniqueFd from_child_;
};

/// State letter of a thread as /proc shows it, '?' when it is gone.
[[nodiscard]] char thread_state(Pid pid, Tid tid);
/// Polls (1 ms, up to 10 s) until `condition` holds; false when it never did.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace lampyr::test
