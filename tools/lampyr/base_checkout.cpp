// SPDX-License-Identifier: MIT
#include "base_checkout.hpp"

#include "option_values.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace lampyr::tool {
namespace {

struct Answer {
    int status = -1;
    std::string text;
};

/// What a shell command prints, both streams, and its status.
Answer ask(const std::string& command) {
    Answer answer;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return answer;
    std::array<char, 4096> part{};
    std::size_t got = 0;
    while ((got = std::fread(part.data(), 1, part.size(), pipe)) > 0)
        if (answer.text.size() < 65'536) answer.text.append(part.data(), got);
    answer.status = ::pclose(pipe);
    while (answer.text.ends_with('\n')) answer.text.pop_back();
    return answer;
}

Error git_failed(const std::string& what, const Answer& answer) {
    const std::string first = answer.text.substr(0, answer.text.find('\n'));
    return Error{ErrorCode::kSystem, fmt::format("{}: {}", what, terminal_safe(first)), "", 0};
}

}  // namespace

std::string shell_quoted(const std::string& text) {
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    return word + "'";
}

Result<BaseCheckout> BaseCheckout::open(const std::string& ref) {
    BaseCheckout checkout;
    const Answer top = ask("git rev-parse --show-toplevel");
    if (top.status != 0) return git_failed("--base-ref needs a git repository", top);
    checkout.own_root_ = top.text;
    const Answer commit = ask("git rev-parse --verify --quiet --end-of-options " + shell_quoted(ref + "^{commit}"));
    if (commit.status != 0)
        return Error{ErrorCode::kUsage, fmt::format("the repository has no commit {}", in_quotes(ref)),
                     "in CI fetch it first, such as: git fetch --depth=1 origin main", 0};
    checkout.commit_ = commit.text;
    const Answer prefix = ask("git rev-parse --show-prefix");
    std::error_code failure;
    std::string place = (std::filesystem::temp_directory_path(failure) / "lampyr-base-XXXXXX").string();
    if (failure || ::mkdtemp(place.data()) == nullptr)
        return Error{ErrorCode::kSystem, "no temporary directory for the base can be made", "set TMPDIR", 0};
    checkout.root_ = place + "/base";
    checkout.directory_ = checkout.root_ + (prefix.text.empty() ? "" : "/" + prefix.text);
    const Answer added =
        ask(fmt::format("git worktree add --detach {} {}", shell_quoted(checkout.root_), checkout.commit_));
    if (added.status != 0) return git_failed("the base cannot be checked out", added);
    return checkout;
}

BaseCheckout::BaseCheckout(BaseCheckout&& other) noexcept
    : root_(std::move(other.root_)),
      directory_(std::move(other.directory_)),
      own_root_(std::move(other.own_root_)),
      commit_(std::move(other.commit_)) {
    other.root_.clear();
}

BaseCheckout::~BaseCheckout() {
    if (root_.empty()) return;
    ask(fmt::format("git -C {} worktree remove --force {}", shell_quoted(own_root_), shell_quoted(root_)));
    std::error_code ignored;
    std::filesystem::remove_all(std::filesystem::path(root_).parent_path(), ignored);
}

}  // namespace lampyr::tool
