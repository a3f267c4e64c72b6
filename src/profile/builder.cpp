// SPDX-License-Identifier: MIT
#include "profile/builder.hpp"

#include <utility>

namespace lampyr::profile {

Builder::Builder(BuilderOptions options) : options_(options), samples_(options.timeline, options.merge_gap) {
    if (options.stream) samples_.stream();
}

FrameId Builder::intern_marker(std::string_view name) {
    Function function;
    function.name = intern_string(name);
    function.kind = FunctionKind::kMarker;
    return intern_frame(intern_function(function), 0);
}

StackId Builder::add_stack(StackId parent, FrameId frame) {
    if (stacks_.size() < options_.max_stack_nodes) return stacks_.add(parent, frame);
    // Answering with `parent` instead would let the next frame become its child: an edge that was never seen.
    if (!full_) full_ = stacks_.add(kEmptyStack, intern_marker("(stack table full)"));
    return *full_;
}

ProcessId Builder::add_process(const Process& process) {
    processes_.push_back(process);
    return ProcessId{static_cast<std::uint32_t>(processes_.size() - 1)};
}

ThreadId Builder::add_thread(const Thread& thread) {
    threads_.push_back(thread);
    return ThreadId{static_cast<std::uint32_t>(threads_.size() - 1)};
}

Profile Builder::finish(ProfileInfo info) && {
    Profile profile;
    info.stacks = samples_.total_count();
    info.timeline = options_.timeline && !samples_.streams();
    profile.info = std::move(info);
    profile.strings = std::move(strings_).take();
    profile.functions = std::move(functions_).take();
    profile.frames = std::move(frames_).take();
    profile.stacks = std::move(stacks_).take();
    profile.processes = std::move(processes_);
    profile.threads = std::move(threads_);
    profile.samples = std::move(samples_).take();
    return profile;
}

}  // namespace lampyr::profile
