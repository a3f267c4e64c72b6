// SPDX-License-Identifier: MIT
#include "sampler/stack_resolver.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace lampyr::sampler {

namespace {

void count(std::array<std::uint64_t, kLossCount>& losses, Loss loss) { ++losses[static_cast<std::size_t>(loss)]; }

StackId push_marker(profile::Builder& builder, StackId stack, std::string_view text) {
    return builder.intern_stack(stack, builder.intern_marker(text));
}

StackId push_frame(CodeCache& cache, profile::Builder& builder, StackId stack, const cpython::RawFrame& frame,
                   std::array<std::uint64_t, kLossCount>& losses, bool& reused) {
    const CodeCache::Resolved resolved = cache.resolve(frame);
    switch (resolved.kind) {
        case CodeCache::Kind::kFrame: return builder.intern_stack(stack, resolved.frame);
        case CodeCache::Kind::kIncomplete: return stack;
        case CodeCache::Kind::kReused: reused = true; return push_marker(builder, stack, "(reused code)");
        case CodeCache::Kind::kBad: break;
    }
    count(losses, Loss::kBadFrame);
    return push_marker(builder, stack, "(unreadable frame)");
}

/// How many innermost frames are in doubt when callers that have handed back control are convicted too. Frames of the last
/// stack's proven part (`same` outermost ones) were judged before.
std::size_t unproven_frames(const cpython::RawStack& stack, CodeCache& cache, std::size_t same) {
    std::size_t unproven = stack.root_reached ? stack.unproven : stack.frames.size();
    for (std::size_t i = std::max<std::size_t>(unproven, 1); i + same < stack.frames.size(); ++i)
        if (!cache.can_be_calling(stack.frames[i])) unproven = i;
    return unproven;
}

}  // namespace

StackId StackResolver::resolve(const cpython::RawStack& stack, CodeCache& cache, profile::Builder& builder,
                               std::uint64_t generation, std::chrono::nanoseconds now,
                               std::array<std::uint64_t, kLossCount>& losses) {
    if (stack.elided != 0) count(losses, Loss::kElided);
    if (stack.serial == serial_) {
        if (!last_proven_) count(losses, Loss::kUnproven);
        return last_;
    }

    const bool next_serial = stack.serial == serial_ + 1;
    serial_ = stack.serial;
    if (stack.mispredicted) count(losses, Loss::kMispredicted);
    const std::size_t total = stack.frames.size();
    const auto outermost = [&](std::size_t i) -> const cpython::RawFrame& { return stack.frames[total - 1 - i]; };
    std::size_t same = 0;
    if (stack.elided == 0 && stack.root_reached && !cache.reuse_expected()) {
        if (next_serial) same = std::min({stack.unchanged, total - stack.unproven, frames_.size()});
        while (same < std::min(total - stack.unproven, frames_.size()) && frames_[same] == outermost(same)) ++same;
    }

    // A mispredicted stack is younger than the sweep's count of freed code.
    cache.prove(stack.frames.first(total - same), stack.mispredicted ? 0 : generation, now);
    bool reused = false;
    const std::size_t proven = total - unproven_frames(stack, cache, same);
    last_proven_ = proven == total && stack.root_reached;
    if (!last_proven_) count(losses, Loss::kUnproven);

    StackId id = same == 0 ? kEmptyStack : path_[same - 1];
    frames_.resize(same);
    path_.resize(same);
    for (std::size_t i = same; i < proven; ++i) {
        if (stack.elided != 0 && i == total - stack.elided_after)
            id = push_marker(builder, id, fmt::format("({} frames elided)", stack.elided));
        id = push_frame(cache, builder, id, outermost(i), losses, reused);
        frames_.push_back(outermost(i));
        path_.push_back(id);
    }
    if (!last_proven_) id = push_marker(builder, id, "(unproven)");
    // What nothing proves may not even be frames any more; only what leads to a code object is shown.
    for (std::size_t i = proven; i < total; ++i) {
        const CodeCache::Resolved resolved = cache.resolve(outermost(i));
        if (resolved.kind == CodeCache::Kind::kFrame) id = builder.intern_stack(id, resolved.frame);
    }
    last_ = id;
    // What was in doubt this time is asked again next time, even of the same stack.
    if (reused) {
        count(losses, Loss::kReusedCode);
        frames_.clear();
        path_.clear();
        serial_ = 0;
    }
    return id;
}

}  // namespace lampyr::sampler
