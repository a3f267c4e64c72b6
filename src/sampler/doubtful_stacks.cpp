// SPDX-License-Identifier: MIT
#include "sampler/doubtful_stacks.hpp"

#include <algorithm>

namespace lampyr::sampler {

namespace {

constexpr std::size_t kMostDoubts = 1U << 13;
constexpr std::size_t kMostFrames = 64;  ///< in doubt; as many as `RawStack::apart` has bits
constexpr std::size_t kMostRows = 1024;  ///< of one stack

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ (hash >> 32);
}

}  // namespace

DoubtfulStacks::DoubtfulStacks(profile::Builder& builder)
    : builder_(builder), unproven_(builder.intern_marker("(unproven)")) {}

/// What is shown of the frames in doubt and of their caller. False: not all of it, or more is in doubt than calls can clear.
bool DoubtfulStacks::take_shown(const cpython::RawStack& stack, StackId shown) {
    frames_.assign(stack.frames.begin(), stack.frames.begin() + stack.unproven + 1);
    shown_.clear();
    StackId at = shown;
    for (; at != kEmptyStack && shown_.size() < stack.unproven; at = builder_.stack(at).parent)
        shown_.push_back(builder_.stack(at).frame);
    if (at == kEmptyStack || builder_.stack(at).frame != unproven_) return false;
    at = builder_.stack(at).parent;
    if (at == kEmptyStack) return false;
    shown_.push_back(builder_.stack(at).frame);
    return std::find(shown_.begin(), shown_.end(), unproven_) == shown_.end();
}

/// `outer`: the proven part.
std::uint64_t DoubtfulStacks::key_of(StackId outer) const {
    std::uint64_t key = outer.value;
    for (const cpython::RawFrame& frame : frames_) {
        key = mixed(key, frame.code.value);
        key = mixed(key, frame.instruction * 4 + (frame.through_c ? 2 : 0) + (frame.generator ? 1 : 0));
    }
    return key;
}

/// Markers of one name that differ by their line only, which nobody sees: no sample has one when the profile is finished.
FrameId DoubtfulStacks::marker(std::size_t index) {
    return builder_.intern_frame(builder_.function_of(unproven_), static_cast<std::uint32_t>(index + 1));
}

std::optional<std::size_t> DoubtfulStacks::find_or_add(const cpython::RawStack& stack, StackId outer,
                                                       std::chrono::nanoseconds now) {
    const std::uint64_t key = key_of(outer);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        const Doubt& doubt = doubts_[found->second];
        if (doubt.rows.size() >= kMostRows || doubt.shown != shown_) return std::nullopt;
        return found->second;
    }
    if (free_.empty()) {
        if (doubts_.size() >= kMostDoubts) return std::nullopt;
        free_.push_back(doubts_.size());
        doubts_.emplace_back();
    }
    const std::size_t index = free_.back();
    free_.pop_back();
    by_key_.emplace(key, index);
    Doubt& doubt = doubts_[index];
    doubt.frames = frames_;
    doubt.shown = shown_;
    doubt.apart = stack.apart;
    doubt.since = now;
    doubt.key = key;
    doubt.stack = builder_.intern_stack(outer, marker(index));
    for (std::size_t i = shown_.size() - 1; i-- > 0;) doubt.stack = builder_.intern_stack(doubt.stack, shown_[i]);
    return index;
}

StackId DoubtfulStacks::mark(const cpython::RawStack& stack, StackId shown, std::chrono::nanoseconds now) {
    marked_.reset();
    if (!stack.recognisable || stack.unproven > kMostFrames || !take_shown(stack, shown)) return shown;
    StackId outer = shown;
    for (std::uint32_t i = 0; i <= stack.unproven; ++i) outer = builder_.stack(outer).parent;
    marked_ = find_or_add(stack, outer, now);
    return marked_ ? doubts_[*marked_].stack : shown;
}

void DoubtfulStacks::note(SampleId row) {
    if (!marked_) return;
    std::vector<SampleId>& rows = doubts_[*marked_].rows;
    if (std::find(rows.rbegin(), rows.rend(), row) == rows.rend()) rows.push_back(row);
    marked_.reset();
}

/// All of it is as it was shown, but that callers may stand at another line. Leaves the frames as they will be shown.
bool DoubtfulStacks::is_known(const Doubt& doubt, const Recognise& recognise, CodeCache& cache) {
    frames_ = doubt.frames;
    if (!recognise(frames_, doubt.apart)) return false;
    shown_.clear();
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        const CodeCache::Resolved resolved = cache.resolve(frames_[i]);
        if (resolved.kind != CodeCache::Kind::kFrame) return false;
        const bool same_place = frames_[i].instruction == doubt.frames[i].instruction;
        if (same_place && resolved.frame != doubt.shown[i]) return false;  // another code object is there now
        if (builder_.function_of(resolved.frame) != builder_.function_of(doubt.shown[i])) return false;
        if (i > 0 && !cache.can_be_calling(frames_[i])) return false;
        shown_.push_back(resolved.frame);
    }
    return true;
}

/// A stack with this mark as it is now. Frames of others (tasks, machine frames) may stand between.
StackId DoubtfulStacks::rewritten(StackId stack, std::size_t index, bool claimed) {
    const Doubt& doubt = doubts_[index];
    const FrameId mark = marker(index);
    path_.clear();
    for (StackId at = stack; at != kEmptyStack; at = builder_.stack(at).parent)
        path_.push_back(builder_.stack(at).frame);
    const auto marked = std::find(path_.begin(), path_.end(), mark);
    if (marked == path_.end()) return stack;
    if (!claimed) {
        *marked = unproven_;
    } else {
        std::size_t left = doubt.shown.size();  // of the frames in doubt and their caller, which stands behind the mark
        const auto outermost = std::min(path_.size(), static_cast<std::size_t>(marked - path_.begin()) + 2);
        for (std::size_t i = outermost; i > 0 && left > 0; --i) {
            if (path_[i - 1] != doubt.shown[left - 1]) continue;
            path_[i - 1] = shown_[left - 1];
            --left;
        }
        path_.erase(marked);
    }
    StackId made = kEmptyStack;
    for (auto frame = path_.rbegin(); frame != path_.rend(); ++frame) made = builder_.intern_stack(made, *frame);
    return made;
}

void DoubtfulStacks::move_rows(std::size_t index, bool claimed) {
    for (const SampleId row : doubts_[index].rows) {
        const Sample sample = builder_.sample(row);
        const StackId stack = rewritten(sample.stack, index, claimed);
        if (stack == sample.stack) continue;
        const SampleId to = builder_.set_apart(row, 0, std::chrono::nanoseconds(0), stack);
        moved_.push_back({row, to, claimed ? sample.count : 0});
    }
}

void DoubtfulStacks::let_go(std::size_t index) {
    Doubt& doubt = doubts_[index];
    by_key_.erase(doubt.key);
    doubt.frames.clear();
    doubt.rows.clear();
    free_.push_back(index);
}

std::span<const DoubtfulStacks::Moved> DoubtfulStacks::settle(const Recognise& recognise, CodeCache& cache,
                                                              std::chrono::nanoseconds before) {
    moved_.clear();
    marked_.reset();
    for (std::size_t index = 0; index < doubts_.size(); ++index) {
        if (doubts_[index].frames.empty()) continue;
        const bool claimed = is_known(doubts_[index], recognise, cache);
        if (!claimed && doubts_[index].since >= before) continue;
        move_rows(index, claimed);
        let_go(index);
    }
    return moved_;
}

void DoubtfulStacks::follow(SampleId from, SampleId to) {
    if (from == to) return;
    for (Doubt& doubt : doubts_)
        if (std::find(doubt.rows.begin(), doubt.rows.end(), from) != doubt.rows.end()) doubt.rows.push_back(to);
}

void DoubtfulStacks::name_rows(std::vector<SampleId>& rows) const {
    for (const Doubt& doubt : doubts_) rows.insert(rows.end(), doubt.rows.begin(), doubt.rows.end());
}

}  // namespace lampyr::sampler
