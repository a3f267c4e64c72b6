// SPDX-License-Identifier: MIT
#include <lampyr/target.hpp>

#include "process/process_children.hpp"
#include "process/process_info.hpp"
#include "process/spawn.hpp"

#include <algorithm>

namespace lampyr {

namespace {

/// More than anybody reads, and an end for a tree that grows as fast as we look.
constexpr std::size_t kMostProcesses = 4096;

}  // namespace

struct Program::Impl {
    process::Child child;
};

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Result<Program> Program::spawn(const std::vector<std::string>& arguments, const ProgramStreams& streams) {
    auto child = process::Child::spawn(arguments, {streams.in, streams.out, streams.err});
    if (!child) return child.error();
    return Program(std::make_unique<Impl>(Impl{std::move(*child)}));
}

Pid Program::pid() const { return impl_->child.pid(); }

ExitStatus Program::wait() {
    const auto status = impl_->child.wait();
    return {status.code, status.signal};
}

Result<std::string> command_line_of(Pid pid) {
    auto info = process::read_process_info(pid);
    if (!info) return info.error();
    return std::move(info->command_line);
}

Result<std::vector<Pid>> process_tree(Pid root) {
    auto handle = process::ProcessHandle::open(root);
    if (!handle) return handle.error();
    std::vector<Pid> tree{root};
    process::ChildrenReader reader;
    std::vector<Pid> children;
    for (std::size_t i = 0; i < tree.size() && tree.size() < kMostProcesses; ++i) {
        const auto parent = i == 0 ? std::move(handle) : process::ProcessHandle::open(tree[i]);
        if (!parent) continue;
        reader.read(*parent, children);
        std::sort(children.begin(), children.end());
        for (const Pid child : children)
            if (std::find(tree.begin(), tree.end(), child) == tree.end()) tree.push_back(child);
    }
    return tree;
}

}  // namespace lampyr
