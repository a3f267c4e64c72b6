// SPDX-License-Identifier: MIT
#include "output_file.hpp"

#include "option_values.hpp"
#include "signals.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>

namespace lampyr::tool {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

class Descriptor {
  public:
    explicit Descriptor(int value = -1) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] bool valid() const { return value_ >= 0; }
    /// False: the file system reported a late write error.
    [[nodiscard]] bool close() { return ::close(std::exchange(value_, -1)) == 0 || errno == EINTR; }

  private:
    int value_;
};

std::string reason(int number) {
    switch (number) {
        case ENOENT: return "no such directory";
        case ENOTDIR: return "a part of the path is not a directory";
        case EACCES: return "permission denied";
        case EISDIR: return "it is a directory";
        case EROFS: return "the file system is read-only";
        case ENOSPC: return "no space left on the device";
        case EDQUOT: return "the disk quota is used up";
        case EPIPE: return "the reader has gone";
        case ENXIO: return "nobody has the pipe open for reading";
        default: return std::generic_category().message(number);
    }
}

Error cannot_write(std::string_view path, int number, std::string hint = {}) {
    if (hint.empty() && number == ENOSPC) hint = "free some space or choose another place with -o FILE";
    if (hint.empty()) hint = "choose another place with -o FILE";
    return Error{ErrorCode::kOutput, fmt::format("cannot write {}: {}", in_quotes(path), reason(number)),
                 std::move(hint), number};
}

/// The user behind sudo, who should own what we write; nothing when we are not root or not called by sudo.
struct Owner {
    uid_t user;
    gid_t group;
};
std::optional<Owner> sudo_owner() {
    const char* user_text = std::getenv("SUDO_UID");
    const char* group_text = std::getenv("SUDO_GID");
    if (::geteuid() != 0 || user_text == nullptr || group_text == nullptr) return std::nullopt;
    const auto number = [](std::string_view text) -> std::optional<std::uint32_t> {
        std::uint32_t value = 0;
        const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failure != std::errc{} || stop != text.data() + text.size() || value == UINT32_MAX) return std::nullopt;
        return value;
    };
    const std::optional<std::uint32_t> user = number(user_text);
    const std::optional<std::uint32_t> group = number(group_text);
    if (!user || !group) return std::nullopt;
    return Owner{*user, *group};
}

/// Names below which files are doors to something else; a rename would put a plain file in the door's place.
bool is_door(const std::string& path, const struct stat& found) {
    const bool device_tree = path.starts_with("/dev/") && !path.starts_with("/dev/shm/");
    return device_tree || path.starts_with("/proc/") || S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode);
}

/// A named pipe's reader may be on its way: give it a moment, but never wait for ever for one who does not come.
Descriptor open_door(const std::string& path) {
    constexpr int kAttempts = 100;
    constexpr timespec kPause{0, 20'000'000};
    for (int attempt = 0;; ++attempt) {
        Descriptor door{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
        if (door.valid() || errno != ENXIO || attempt == kAttempts) return door;
        ::nanosleep(&kPause, nullptr);
    }
}

/// Why the name in the directory may not be replaced; 0: it may.
int replace_obstacle(int directory, const std::string& name) {
    struct stat old {};
    if (::fstatat(directory, name.c_str(), &old, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : errno;
    if (S_ISDIR(old.st_mode)) return EISDIR;
    if (S_ISREG(old.st_mode) && ::faccessat(directory, name.c_str(), W_OK, AT_EACCESS) != 0) return errno;
    struct stat parent {};
    if (::fstat(directory, &parent) != 0) return errno;
    const uid_t me = ::geteuid();
    const bool sticky = (parent.st_mode & S_ISVTX) != 0;
    return sticky && me != 0 && me != old.st_uid && me != parent.st_uid ? EACCES : 0;
}

}  // namespace

struct OutputFile::State {
    std::string path;  ///< as the user knows it
    std::string name;  ///< inside `directory`; empty: written directly
    std::string temporary;
    Descriptor directory;
    Descriptor file;
    std::unique_ptr<AbortCleanup> cleanup;  // after `directory`: gone before it is closed
    std::string buffer;
    std::uint64_t size = 0;
    int failure = 0;
    bool committed = false;  ///< or moved to where it is to be found
    bool through = false;

    [[nodiscard]] bool direct() const { return temporary.empty(); }

    bool flush() {
        if (failure == 0 && !write_all(file.get(), buffer)) failure = errno;
        buffer.clear();
        return failure == 0;
    }

    /// 0, or why it could not be given its name.
    int put_in_place() {
        const int place = directory.get();
        if (::renameat(place, temporary.c_str(), place, name.c_str()) != 0) return errno;
        committed = true;
        cleanup.reset();
        return 0;
    }

    /// A hidden file with an unguessable name beside the final one; links are not followed, nothing is overwritten.
    int make_temporary() {
        const bool root = ::geteuid() == 0;
        for (int attempt = 0; attempt < 16; ++attempt) {
            std::uint64_t random = 0;
            if (::getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) return errno;
            temporary = fmt::format(".lampyr-{:016x}.tmp", random);
            file = Descriptor{::openat(directory.get(), temporary.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, root ? 0600 : 0666)};
            if (file.valid() || errno != EEXIST) break;
        }
        if (!file.valid()) {
            const int number = errno;
            temporary.clear();
            return number;
        }
        cleanup = std::make_unique<AbortCleanup>(directory.get(), temporary);
        const std::optional<Owner> owner = sudo_owner();
        if (owner && ::fchown(file.get(), owner->user, owner->group) != 0 && errno != EPERM) return errno;
        return 0;
    }

    ~State() {
        if (!committed && !temporary.empty()) ::unlinkat(directory.get(), temporary.c_str(), 0);
    }
};

OutputFile::OutputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&&) noexcept = default;
OutputFile::~OutputFile() = default;

Result<OutputFile> OutputFile::open(const std::string& path, bool binary) {
    auto state = std::make_unique<State>();
    state->path = path;
    struct stat found {};
    const bool exists = ::stat(path.c_str(), &found) == 0;
    if (path == "-" || (exists && is_door(path, found))) {
        const bool standard = path == "-";
        if (standard) state->path = "standard output";
        state->file = standard ? Descriptor{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)} : open_door(path);
        if (!state->file.valid()) return cannot_write(state->path, errno);
        if (binary && is_terminal(state->file.get()))
            return Error{ErrorCode::kUsage, "this format is not for a terminal",
                         "name a file with -o FILE, or use a pipe", 0};
        return OutputFile{std::move(state)};
    }
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    state->name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (state->name.empty() && !path.empty() && exists) return cannot_write(path, EISDIR, "add a file name");
    if (state->name.empty()) return cannot_write(path, ENOENT);
    state->directory = Descriptor{::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!state->directory.valid()) {
        const int number = errno;
        return cannot_write(path, number, number == ENOENT ? "create it first: mkdir -p " + shell_word(parent) : "");
    }
    if (const int obstacle = replace_obstacle(state->directory.get(), state->name)) {
        return cannot_write(path, obstacle, obstacle == EISDIR ? "add a file name" : "");
    }
    if (const int failure = state->make_temporary()) return cannot_write(path, failure);
    return OutputFile{std::move(state)};
}

Result<OutputFile> OutputFile::open_unnamed() {
    auto state = std::make_unique<State>();
    state->path = ".";
    state->directory = Descriptor{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!state->directory.valid()) return cannot_write(".", errno);
    if (const int failure = state->make_temporary()) return cannot_write(".", failure);
    return OutputFile{std::move(state)};
}

void OutputFile::rename_to(std::string name) {
    state_->path = name;
    state_->name = std::move(name);
}

void OutputFile::write_through() { state_->through = true; }

bool OutputFile::in_place() const { return state_->through && state_->committed; }

bool OutputFile::write(std::string_view bytes) {
    State& state = *state_;
    const bool has_beginning = state.size > 0;
    state.buffer += bytes;
    state.size += bytes.size();
    if (!state.through) return state.buffer.size() < kBufferSize ? state.failure == 0 : state.flush();
    if (!state.flush()) return false;
    if (has_beginning && !state.direct() && !state.committed) state.failure = state.put_in_place();
    return state.failure == 0;
}

Result<std::uint64_t> OutputFile::commit() {
    State& state = *state_;
    const bool flushed = state.flush();
    const bool closed = state.file.close();
    if (!flushed || !closed) return cannot_write(state.path, flushed ? errno : state.failure);
    if (state.direct() || state.committed) return state.size;
    if (const int number = state.put_in_place()) {
        struct stat kept {};
        state.committed = ::fstatat(state.directory.get(), state.temporary.c_str(), &kept, AT_SYMLINK_NOFOLLOW) == 0;
        state.cleanup.reset();
        return cannot_write(state.path, number,
                            state.committed ? fmt::format("it is complete in {} in the same directory", state.temporary)
                                            : "its directory was removed");
    }
    return state.size;
}

const std::string& OutputFile::path() const { return state_->path; }

bool OutputFile::is_stdout() const { return state_->direct() && state_->path == "standard output"; }

}  // namespace lampyr::tool
