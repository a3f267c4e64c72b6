// SPDX-License-Identifier: MIT
#include "process/spawn.hpp"

#include "process/proc_file.hpp"
#include "process/proc_view.hpp"
#include "process/user_database.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace lampyr::process {
namespace {

/// Exit code reported when the real one was lost: the one with which lampyr speaks of its own failures.
constexpr int kUnknownStatus = 125;

/// What the child tells us through the pipe before it gives up.
struct SpawnFailure {
    enum class Step : std::int32_t { kIdentity, kExec } step = Step::kExec;
    std::int32_t os_errno = 0;
};

/// Everything the child needs, made before the fork: between fork and exec a child of a threaded program may allocate
/// nothing.
struct Plan {
    std::vector<std::string> candidates;  ///< paths to try, in the order of PATH
    std::vector<char*> arguments;
    std::optional<Invoker> invoker;
    std::vector<gid_t> groups;
    Streams streams;
};

std::vector<std::string> program_candidates(const std::string& program) {
    if (program.find('/') != program.npos) return {program};
    const char* variable = std::getenv("PATH");
    std::string_view path = variable != nullptr ? variable : "/bin:/usr/bin";
    std::vector<std::string> candidates;
    for (;;) {
        const std::string_view directory = path.substr(0, path.find(':'));
        // An empty entry of PATH is the current directory.
        candidates.push_back(directory.empty() ? "./" + program : fmt::format("{}/{}", directory, program));
        if (directory.size() == path.size()) return candidates;
        path.remove_prefix(directory.size() + 1);
    }
}

std::vector<gid_t> groups_of(const Invoker& invoker) {
    const auto name = name_of_user(invoker.uid);
    return name ? groups_of_user(*name, invoker.gid) : std::vector<gid_t>{invoker.gid};
}

/// A process that was made to ignore SIGCHLD, by its parent or by cron, never learns how its children end.
void want_exit_statuses() {
    struct sigaction action {};
    if (::sigaction(SIGCHLD, nullptr, &action) != 0) return;
    if (action.sa_handler != SIG_IGN && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
    if (action.sa_handler == SIG_IGN) action.sa_handler = SIG_DFL;
    action.sa_flags &= ~SA_NOCLDWAIT;
    ::sigaction(SIGCHLD, &action, nullptr);
}

/// In the child, signals blocked: what a program finds when a shell starts it.
void reset_signals() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        struct sigaction current {};
        if (::sigaction(number, nullptr, &current) != 0) continue;
        // What we were told to ignore (nohup) stays ignored; SIGPIPE we ignore ourselves.
        if (current.sa_handler == SIG_IGN && number != SIGPIPE) continue;
        ::sigaction(number, &action, nullptr);
    }
}

[[noreturn]] void give_up(int report, SpawnFailure::Step step) {
    const SpawnFailure failure{step, errno};
    static_cast<void>(!::write(report, &failure, sizeof failure));
    ::_exit(127);
}

[[noreturn]] void become_program(const Plan& plan, int report, const sigset_t& mask) {
    if (plan.invoker) {
        // Groups first, while we may; the user last, because it takes the right to do the rest.
        if (::setgroups(plan.groups.size(), plan.groups.data()) != 0 ||
            ::setresgid(plan.invoker->gid, plan.invoker->gid, plan.invoker->gid) != 0 ||
            ::setresuid(plan.invoker->uid, plan.invoker->uid, plan.invoker->uid) != 0) {
            give_up(report, SpawnFailure::Step::kIdentity);
        }
    }
    const std::pair<int, int> streams[]{{plan.streams.in, 0}, {plan.streams.out, 1}, {plan.streams.err, 2}};
    for (const auto& [from, to] : streams)
        if (from >= 0 && ::dup2(from, to) < 0) give_up(report, SpawnFailure::Step::kExec);
    reset_signals();
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    // As execvp and shells do: a file that may not be executed is remembered, the search goes on.
    bool forbidden = false;
    int last = ENOENT;
    for (const std::string& candidate : plan.candidates) {
        ::execv(candidate.c_str(), plan.arguments.data());
        if (errno == EACCES) {
            struct stat unused {};
            forbidden = forbidden || ::stat(candidate.c_str(), &unused) == 0;
        } else if (errno != ENOENT && errno != ENOTDIR) {
            last = errno;
            break;
        }
    }
    errno = last == ENOENT && forbidden ? EACCES : last;
    give_up(report, SpawnFailure::Step::kExec);
}

Error describe(const SpawnFailure& failure, const std::string& program) {
    const std::string name = terminal_safe(program);
    if (failure.step == SpawnFailure::Step::kIdentity) {
        return os_error(ErrorCode::kPermission, "cannot start the program as the user who called sudo",
                        failure.os_errno);
    }
    if (failure.os_errno == ENOENT || failure.os_errno == ENOTDIR) {
        // A script or program whose interpreter is missing gives ENOENT too.
        struct stat unused {};
        const bool is_there = program.find('/') != program.npos && ::stat(program.c_str(), &unused) == 0;
        if (!is_there) return {ErrorCode::kProgramNotFound, fmt::format("{}: program not found", name), {}, ENOENT};
        return {
            ErrorCode::kProgramNotFound, fmt::format("{}: the interpreter it names was not found", name), {}, ENOENT};
    }
    Error error = os_error(ErrorCode::kProgramNotExecutable, name, failure.os_errno);
    if (failure.os_errno == ENOEXEC) error.hint = "a script needs a first line like #!/usr/bin/env python3";
    return error;
}

WaitStatus from_wait(int status) {
    if (WIFSIGNALED(status)) return {0, WTERMSIG(status), WCOREDUMP(status) != 0};
    return {WEXITSTATUS(status), 0, false};
}

}  // namespace

std::optional<Invoker> sudo_invoker() {
    if (::geteuid() != 0) return std::nullopt;
    const char* uid = std::getenv("SUDO_UID");
    const char* gid = std::getenv("SUDO_GID");
    if (uid == nullptr || gid == nullptr) return std::nullopt;
    const auto user = parse_number<std::uint32_t>(uid);
    const auto group = parse_number<std::uint32_t>(gid);
    // -1 means "leave as it is" to setresuid.
    if (!user || !group || *user == ~0U || *group == ~0U) return std::nullopt;
    return Invoker{*user, *group};
}

Result<Child> Child::spawn(const std::vector<std::string>& arguments, const Streams& streams) {
    if (arguments.empty() || arguments[0].empty()) {
        return Error{ErrorCode::kProgramNotFound, "no program was named", {}, ENOENT};
    }
    Plan plan;
    plan.candidates = program_candidates(arguments[0]);
    for (const std::string& argument : arguments) plan.arguments.push_back(const_cast<char*>(argument.c_str()));
    plan.arguments.push_back(nullptr);
    plan.streams = streams;
    if (proc_view() != ProcView::kOurs) return explain_absence(Pid(::getpid()));  // it could not be watched
    plan.invoker = sudo_invoker();
    if (plan.invoker) plan.groups = groups_of(*plan.invoker);

    want_exit_statuses();
    int report[2];
    if (::pipe2(report, O_CLOEXEC) != 0) return os_error(ErrorCode::kSystem, "cannot make a pipe", errno);
    const UniqueFd from_child(report[0]);
    UniqueFd to_parent(report[1]);
    // No handler of ours may run in the child; the mask is restored on both sides.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid == 0) become_program(plan, to_parent.get(), before);
    const int fork_errno = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return os_error(ErrorCode::kSystem, "cannot start another process", fork_errno);
    to_parent.reset();

    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    Child child(Pid(pid), std::move(pidfd));
    // The pipe closes by itself when execve succeeds.
    SpawnFailure failure;
    ssize_t got = 0;
    while ((got = ::read(from_child.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
    }
    if (got == 0) return child;
    static_cast<void>(child.wait());
    return describe(failure, arguments[0]);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, Pid(0))), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
    if (this != &other) {
        static_cast<void>(try_wait());
        pid_ = std::exchange(other.pid_, Pid(0));
        pidfd_ = std::move(other.pidfd_);
        status_ = other.status_;
    }
    return *this;
}

Child::~Child() { static_cast<void>(try_wait()); }

std::optional<WaitStatus> Child::try_wait() {
    if (status_ || pid_.value <= 0) return status_;
    if (pidfd_) {
        // waitpid also reports the stops of a child that a thread of this process traces: ask it only once the child
        // has ended altogether.
        pollfd poll{pidfd_.get(), POLLIN, 0};
        if (::poll(&poll, 1, 0) <= 0) return std::nullopt;
    }
    int status = 0;
    const pid_t got = ::waitpid(pid_.value, &status, WNOHANG);
    if (got == pid_.value && (WIFEXITED(status) || WIFSIGNALED(status))) status_ = from_wait(status);
    // ECHILD: somebody else in this process collected it. How it ended is not known, so it is no success.
    if (got < 0 && errno == ECHILD) status_ = WaitStatus{kUnknownStatus, 0, false};
    return status_;
}

WaitStatus Child::wait() {
    while (!try_wait()) {
        if (pidfd_) {
            pollfd poll{pidfd_.get(), POLLIN, 0};
            static_cast<void>(::poll(&poll, 1, -1));
        } else {
            const timespec pause{0, 2'000'000};
            ::nanosleep(&pause, nullptr);
        }
    }
    return *status_;
}

}  // namespace lampyr::process
