// SPDX-License-Identifier: MIT
// Where a thread's stack is looked for by the next sweep.
#include "cpython/thread_reader.hpp"

#include <algorithm>

namespace lampyr::cpython {

namespace {

/// The window follows the top once it has moved this far.
constexpr std::uint64_t kWindowDrift = 160;
/// Frames remembered although the last walk did not meet them, so that alternating generators stay predicted.
constexpr std::size_t kRemembered = 24;
/// Frames of 2.7 say nothing of themselves, so only copies that were made within a moment prove anything: fewer are read.
constexpr std::size_t kRememberedSilent = 8;
/// So many innermost frames are compared with those remembered; no more of them are ever forgotten.
constexpr std::size_t kSearched = 64;
/// C frames further apart are not read in one range.
constexpr std::uint64_t kMostCFrameBytes = 8192;
/// What was not met by any of so many looks is read no more. Imports leave behind more than the work after them needs.
constexpr std::uint32_t kForgetAfter = 2048;
/// One look of so many is asked what it met. A frame so rare that none of those met it is not worth a range of every read.
constexpr std::uint32_t kAskedEvery = 4;
/// Where more were met than this nothing is forgotten.
constexpr std::size_t kMostMet = 128;

std::span<const RemoteAddr> first(const std::vector<RemoteAddr>& frames, std::size_t most) {
    return std::span(frames).first(std::min(frames.size(), most));
}

bool holds(std::span<const RemoteAddr> frames, RemoteAddr frame) {
    return std::find(frames.begin(), frames.end(), frame) != frames.end();
}

}  // namespace

/// The C frames of nested eval loops lie close together on the C stack. One range holds those met lately.
void ThreadReader::predict_cframe(RemoteAddr pointer) {
    const auto widened = [pointer](const Chunk& range) {
        if (range.address.is_null()) return Chunk{pointer, 8};
        const RemoteAddr low = std::min(pointer, range.address);
        const RemoteAddr high = std::max(pointer, range.address + (range.bytes - 8));
        return high - low < kMostCFrameBytes ? Chunk{low, high - low + 8} : Chunk{pointer, 8};
    };
    cframes_ = widened(cframes_);
    cframes_met_ = widened(cframes_met_);
}

/// Moves the prediction to where the stack is now. Only a change that the next sweep would miss outdates the plan.
void ThreadReader::learn(RemoteAddr top, const Sandwich& sandwich) {
    top_ = top;
    if (chunked()) {
        const std::uint64_t drift = top > window_center_ ? top - window_center_ : window_center_ - top;
        if (drift > kWindowDrift && !is_small_stack() && sandwich.coverage.in_range(top)) outdated_ = true;
    }
    const bool top_early = chunked() || sandwich.coverage.is_early(top);
    if (chain_.all_covered() && top_early && chain_.joint_held()) return;
    std::vector<RemoteAddr>& now = chain_.outside();
    const std::size_t met = std::min(now.size(), kSearched);
    if (const RemoteAddr joined = chain_.joined_at(); !joined.is_null()) {
        const auto known = std::find(outside_.begin(), outside_.end(), joined);
        if (known != outside_.end()) now.insert(now.end(), known + 1, outside_.end());
    }
    remember_missed({now.begin(), now.begin() + static_cast<std::ptrdiff_t>(met)});
    outside_.swap(now);
    outdated_ = true;
}

/// Frames the walk did not meet this time are kept for a while: generators and leaf functions come back. They sit at the inner
/// end of the old list; looking further would cost more than a wrong guess.
void ThreadReader::remember_missed(const std::vector<RemoteAddr>& met) {
    const auto missed = [&](RemoteAddr frame) { return !holds(met, frame); };
    const std::size_t most = chunked() || layout_.frame.state.present() ? kRemembered : kRememberedSilent;
    std::vector<RemoteAddr> kept;
    for (std::size_t i = 0; i < std::min(outside_.size(), kSearched) && kept.size() < most; ++i)
        if (missed(outside_[i])) kept.push_back(outside_[i]);
    for (std::size_t i = 0; i < remembered_.size() && kept.size() < most; ++i)
        if (missed(remembered_[i]) && !holds(kept, remembered_[i])) kept.push_back(remembered_[i]);
    remembered_ = std::move(kept);
}

/// Whether the look that comes is the last of those that are counted. It follows the whole chain.
bool ThreadReader::last_look() const { return looks_ + 1 >= kForgetAfter; }

/// Takes note of which of the frames that may be forgotten the last walk has met. Those further out stay as long as the stack is
/// so deep.
void ThreadReader::note_met() {
    const bool last = last_look();
    if (last && !chain_.whole()) return;  // the next one may be
    ++looks_;
    if (last || looks_ % kAskedEvery == 0) {
        const std::span<const RemoteAddr> chain = first(chain_.outside(), 2 * kSearched);
        const auto note = [&](RemoteAddr frame) {
            if (met_.size() < kMostMet && holds(chain, frame) && !holds(met_, frame)) met_.push_back(frame);
        };
        for (const RemoteAddr frame : first(outside_, kSearched)) note(frame);
        for (const RemoteAddr frame : remembered_) note(frame);
    }
    if (!last) return;
    forget_unmet();
    looks_ = 0;
    met_.clear();
    cframes_met_ = {};
}

/// The less is read, the sooner it is, and the less of it is of another moment than what names the innermost frame.
void ThreadReader::forget_unmet() {
    std::size_t forgotten = 0;
    if (met_.size() < kMostMet) {
        const auto unmet = [this](RemoteAddr frame) { return !holds(met_, frame); };
        const auto inner_end = outside_.begin() + static_cast<std::ptrdiff_t>(std::min(outside_.size(), kSearched));
        const auto kept_end = std::remove_if(outside_.begin(), inner_end, unmet);
        forgotten = static_cast<std::size_t>(inner_end - kept_end) + std::erase_if(remembered_, unmet);
        outside_.erase(kept_end, inner_end);
    }
    if (!cframes_met_.address.is_null() && cframes_met_.bytes < cframes_.bytes) {
        cframes_ = cframes_met_;
        ++forgotten;
    }
    outdated_ = outdated_ || forgotten != 0;
}

}  // namespace lampyr::cpython
