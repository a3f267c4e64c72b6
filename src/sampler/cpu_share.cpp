// SPDX-License-Identifier: MIT
#include "sampler/cpu_share.hpp"

#include <algorithm>
#include <cmath>

namespace lampyr::sampler {

namespace {
constexpr std::chrono::microseconds kMoment{20};
/// So many samples' worth of CPU time must be left over before doubtful samples get any,
constexpr int kDoubt = 4;
/// and so many before one gets any that was most likely waiting.
constexpr int kMoreDoubt = 16;
constexpr std::size_t kDeferred = 32;

double ratio(std::chrono::nanoseconds part, std::chrono::nanoseconds whole) {
    return static_cast<double>(part.count()) / static_cast<double>(whole.count());
}
std::chrono::nanoseconds scaled(std::chrono::nanoseconds time, double part) {
    return std::chrono::nanoseconds(std::llround(part * static_cast<double>(time.count())));
}
}  // namespace

CpuShare::CpuShare(nanoseconds most_kept) : most_kept_(most_kept) {
    entries_.reserve(kRoom);
    given_.reserve(kRoom + kDeferred);
    deferred_.reserve(kDeferred);
}

std::span<const CpuShare::Given> CpuShare::add(SampleId row, nanoseconds span, nanoseconds when) {
    given_.clear();
    if (entries_.empty()) {
        first_ = when;
    } else if (entries_.back().row != row && entries_.size() == kRoom) {
        // Only a thread that runs shows ever new stacks, so the CPU time is on its way: it is given on credit.
        give(std::clamp(bank_ + most_kept_, nanoseconds(0), pending_));
        first_ = when;
    }
    if (entries_.empty()) {
        first_moment_ = when == changed_ ? change_moment_ : Moment::kAny;
        first_span_ = span;
    }
    if (entries_.empty() || entries_.back().row != row) entries_.push_back({row, 0, nanoseconds(0)});
    ++entries_.back().samples;
    entries_.back().span += span;
    pending_ += span;
    last_ = when;
    return given_;
}

/// Between two changes a thread is in one state: it ran all the time or it waited all the time, or else something would
/// have been counted. The stretch from the first to the last pending sample is part of that time, so either the CPU time
/// that came in is as long, or the wait that ended is. (The CPU's clock may leave out interrupts, so "as long" is meant
/// loosely.)
bool CpuShare::only_waited(const Change& change) const {
    if (change.ran.count() <= 0) return true;
    const nanoseconds stretch = last_ - first_;
    return change.got_cpu && change.waited >= stretch && change.ran < stretch - stretch / 8;
}

void CpuShare::forget() {
    spans_settled_ += pending_;
    pending_ = nanoseconds(0);
    entries_.clear();
}

/// Shares `all` out by span, to the last nanosecond.
void CpuShare::give(nanoseconds all) {
    const double part = ratio(all, pending_);
    nanoseconds spans{0};
    nanoseconds gone{0};
    for (const Entry& entry : entries_) {
        spans += entry.span;
        const nanoseconds upto = spans == pending_ ? all : scaled(spans, part);
        if (upto > gone) given_.push_back({entry.row, upto - gone, entry.samples});
        gone = upto;
    }
    bank_ -= all;
    weights_given_ += all;
    forget();
}

/// The pending samples were waiting. But the oldest may have been taken in the moment the thread lost its CPU, perhaps to
/// us: then it stands for the time before, if that has not been given yet.
void CpuShare::give_nothing() {
    const nanoseconds held_back = first_moment_ == Moment::kRan ? nanoseconds(0) : kMoreDoubt * first_span_;
    const nanoseconds first = std::clamp(bank_ - held_back, nanoseconds(0), first_span_);
    for (const Entry& entry : entries_) waiting_ += entry.samples;
    if (first.count() > 0) {
        --waiting_;
        given_.push_back({entries_.front().row, first, 1});
        bank_ -= first;
        weights_given_ += first;
    }
    forget();
}

/// Remembers what the pending samples are about to be denied.
void CpuShare::defer(nanoseconds all_given) {
    const double denied = 1.0 - ratio(all_given, pending_);
    for (const Entry& entry : entries_) {
        const Entry owed{entry.row, entry.samples, scaled(entry.span, denied)};
        if (deferred_.size() < kDeferred)
            deferred_.push_back(owed);
        else
            deferred_[next_deferred_++ % kDeferred] = owed;
    }
}

void CpuShare::give_deferred() {
    nanoseconds owed{0};
    for (const Entry& entry : deferred_) owed += entry.span;
    if (owed.count() <= 0 || bank_.count() <= 0) return;
    const double part = std::min(1.0, ratio(bank_, owed));
    for (const Entry& entry : deferred_) {
        const nanoseconds weight = scaled(entry.span, part);
        if (weight.count() <= 0) continue;
        given_.push_back({entry.row, weight, entry.samples});
        bank_ -= weight;
        weights_given_ += weight;
    }
    deferred_.clear();
}

std::span<const CpuShare::Given> CpuShare::settle(const Change& change, nanoseconds when) {
    given_.clear();
    if (!entries_.empty() && only_waited(change)) give_nothing();
    bank_ += change.ran;
    // Where the times counted add up to the time that has passed, they were counted just now.
    const nanoseconds passed = when - changed_;
    const nanoseconds uncounted = passed - change.ran - change.waited;
    change_moment_ = Moment::kAny;
    if (change.ran.count() > 0 && std::chrono::abs(uncounted) < kMoment + passed / 50)
        change_moment_ = Moment::kRan;
    else if (change.ran.count() > 0 && change.waited.count() > 0)
        change_moment_ = Moment::kDoubtful;
    changed_ = when;
    if (!entries_.empty()) {
        // Doubtful samples leave the time to others, as long as there are enough of those.
        const bool doubtful = first_moment_ == Moment::kDoubtful;
        const nanoseconds held_back = doubtful ? kDoubt * first_span_ : nanoseconds(0);
        const nanoseconds all = std::clamp(bank_ - held_back, nanoseconds(0), pending_);
        if (doubtful) defer(all);
        give(all);
    }
    bank_ = std::min(bank_, most_kept_);
    return given_;
}

std::span<const CpuShare::Given> CpuShare::finish() {
    given_.clear();
    if (!entries_.empty()) {
        const double part = spans_settled_.count() == 0 ? 1.0 : ratio(weights_given_, spans_settled_);
        give(std::clamp(std::max(bank_, scaled(pending_, part)), nanoseconds(0), pending_));
    }
    give_deferred();
    return given_;
}

}  // namespace lampyr::sampler
