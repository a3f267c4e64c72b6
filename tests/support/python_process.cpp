// SPDX-License-Identifier: MIT
#include "support/python_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace lampyr::test {

PythonProcess::PythonProcess(const std::string& python, const std::string& script,
                             const std::vector<std::string>& arguments) {
    std::vector<std::string> words{python, LAMPYR_SOURCE_DIR "/tests/targets/" + script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    int to_child[2];
    int from_child[2];
    if (pipe2(to_child, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    process::UniqueFd child_in(to_child[0]);
    in_ = process::UniqueFd(to_child[1]);
    if (pipe2(from_child, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    out_ = process::UniqueFd(from_child[0]);
    process::UniqueFd child_out(from_child[1]);

    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(to_child[0], STDIN_FILENO);
        dup2(from_child[1], STDOUT_FILENO);
        execv(argv[0], argv.data());
        _exit(127);
    }
}

PythonProcess::~PythonProcess() {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool PythonProcess::fill() {
    buffer_.erase(0, at_);
    at_ = 0;
    char chunk[1 << 16];
    ssize_t got = 0;
    do {
        got = ::read(out_.get(), chunk, sizeof chunk);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> PythonProcess::read_line() {
    for (;;) {
        const auto end = buffer_.find('\n', at_);
        if (end != std::string::npos) {
            std::string line = buffer_.substr(at_, end - at_);
            at_ = end + 1;
            return line;
        }
        if (!fill()) return std::nullopt;
    }
}

std::string PythonProcess::read_bytes(std::size_t size) {
    while (buffer_.size() - at_ < size && fill()) {
    }
    const std::size_t count = std::min(size, buffer_.size() - at_);
    std::string bytes = buffer_.substr(at_, count);
    at_ += count;
    return bytes;
}

void PythonProcess::write(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t put = ::write(in_.get(), text.data() + done, text.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) throw std::runtime_error("the victim does not listen");
        done += static_cast<std::size_t>(put);
    }
}

}  // namespace lampyr::test
