// SPDX-License-Identifier: MIT
#include "cpython/chain_walk.hpp"

#include "cpython/frame_slots.hpp"

#include <algorithm>
#include <cstring>

namespace lampyr::cpython {

namespace {

/// A deeper stack keeps this many innermost frames and `kRootFrames` outermost ones.
constexpr std::size_t kMaxFrames = 1U << 18;
constexpr std::size_t kRootFrames = 1U << 10;
constexpr std::uint64_t kMaxWalk = 1U << 24;

/// Of a proven stack this many innermost calls are remembered.
constexpr std::size_t kLearned = 32;
/// Stacks of fewer outer frames are followed anew.
constexpr std::size_t kWorthJoining = 24;
/// The frame where they are joined is looked for so far inside of the last stack.
constexpr std::size_t kSearched = 512;

/// A new outermost frame must be met so often in a row where frames do not say whether they run.
constexpr int kSilentRoots = 8;

bool plausible_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

/// A frame nobody predicted: read now. There is one copy only, and it is late.
FrameCopies ChainWalk::fetch(FrameCoverage& coverage, const process::RemoteMemory& memory, RemoteAddr frame) {
    if (!plausible_object(frame)) return {};
    const std::size_t size = layout_.frame.size;
    const std::size_t at = fetched_.size();
    fetched_.resize(at + size);
    if (!memory.read(frame, std::span(fetched_).subspan(at))) {
        fetched_.resize(at);
        return {};
    }
    coverage.set_buffer(CopySource::kFetched, fetched_.data());
    coverage.add_frame(frame, size, CopySource::kFetched, static_cast<std::uint32_t>(at),
                       static_cast<std::uint32_t>(at));
    return {fetched_.data() + at, fetched_.data() + at, size};
}

void ChainWalk::keep_frame(Chain& chain, const RawFrame& frame) {
    if (chain.walked < kMaxFrames)
        chain.frames.push_back(frame);
    else  // the last places are a ring of the outermost frames seen so far
        chain.frames[kMaxFrames - kRootFrames + chain.walked % kRootFrames] = frame;
    ++chain.walked;
}

void ChainWalk::finish_elision(Chain& chain) {
    chain.elided = 0;
    if (chain.walked <= kMaxFrames) return;
    const auto ring = chain.frames.begin() + static_cast<std::ptrdiff_t>(kMaxFrames - kRootFrames);
    std::rotate(ring, ring + static_cast<std::ptrdiff_t>(chain.walked % kRootFrames), chain.frames.end());
    chain.elided = chain.walked - kMaxFrames;
}

/// Judges one frame of the chain by its two copies. Returns how many of the frames walked so far, this one included, are in
/// doubt because of it; 0: none. A frame counts when both copies agree on code and caller; a caller also when it stands at the
/// same instruction both times and waits both times, so that its callee and its line belong together.
std::uint64_t ChainWalk::doubt(const Chain& chain, const FrameFields& a, const FrameFields& b,
                               bool direct_callee) const {
    const std::uint64_t with_this = chain.walked + (a.shim ? 0 : 1);
    if (a.activity == Activity::kDead || b.activity == Activity::kDead) return with_this;
    if (a.code != b.code || a.previous != b.previous || a.shim != b.shim) return with_this;
    if (chain.walked == 0 || a.shim) return 0;
    if (a.instruction != b.instruction || a.tlbc_index != b.tlbc_index) return with_this;
    // A caller that runs its own bytecode waits for nobody: what was found above it has returned already.
    const bool runs = a.activity == Activity::kExecuting || b.activity == Activity::kExecuting;
    return direct_callee && runs ? chain.walked : 0;
}

/// Whether a chain that ended with a null pointer ended where the thread's stack begins. A generator that was suspended while
/// it was read has no caller either. From 3.12 on the eval loop's entry marker is the last; before, the outermost frame
/// must be the one it was, or be found again and again: twice where a frame says whether it runs, else more often.
bool ChainWalk::ends_at_root(const Outermost& last, bool generator, bool shim_last) const {
    if (layout_.shim_rule == ShimRule::kOwnerFrom3) return shim_last;
    if (generator) return false;
    return root_.frame.is_null() || last == root_;
}

/// Frames of 2.7 do not say whether they run.
bool ChainWalk::silent() const {
    return layout_.current_frame == CurrentFrame::kHeapFrame && !layout_.frame.state.present();
}

/// Takes note of where a chain ended, once a walk.
void ChainWalk::note_root(const Outermost& last) {
    if (last != next_root_) next_root_seen_ = 0;
    next_root_ = last;
    ++next_root_seen_;
    // In a data stack the outermost frame's place stays. Another that names no caller has mostly returned already (3.11).
    const bool elsewhere = !heap() && last.frame != root_.frame;
    if (root_.frame.is_null() || next_root_seen_ >= (silent() || elsewhere ? kSilentRoots : 2)) root_ = last;
}

namespace {

FrameFields fields_of(const RawFrame& generator) {
    FrameFields f;
    f.code = generator.code;
    f.instruction = generator.instruction;
    f.tlbc_index = generator.tlbc_index;
    f.generator = true;
    return f;
}

}  // namespace

/// Early frames end here, and what follows was copied later. It belongs to them if the frame between still stands as it stood
/// when all of it had been copied: a caller cannot go on before what it has called returns.
void ChainWalk::check_joint(FrameCoverage& coverage, const Joint& joint, Chain& chain) const {
    const std::byte* later = joint.bytes != nullptr ? coverage.find_late(joint.frame, layout_.frame.size) : nullptr;
    if (later == nullptr) chain.joint_held = joint.bytes == nullptr;
    if (later == nullptr || std::memcmp(later, joint.bytes, layout_.frame.size) != 0)
        chain.unproven = std::max(chain.unproven, chain.walked);
}

/// How many frames of the last stack lie behind this one and have not changed, nor anything else that was copied late.
std::size_t ChainWalk::frames_behind(RemoteAddr frame, const std::byte* bytes, const LateBytes& late) const {
    const std::span<const RawFrame> last = stack_.frames();
    if (!continuable_ || last.size() < kWorthJoining || bytes < late.now || bytes >= late.end) return 0;
    const auto searched = last.first(std::min(last.size() - kWorthJoining / 2, kSearched));
    const auto found =
        std::find_if(searched.begin(), searched.end(), [&](const RawFrame& known) { return known.frame == frame; });
    if (found == searched.end()) return 0;
    // On the data stack, outer frames were copied before this one; heap frames lie in any order.
    const bool heap = layout_.current_frame == CurrentFrame::kHeapFrame;
    const std::byte* end = heap ? late.end : bytes + layout_.frame.size;
    if (std::memcmp(late.now, late.before, static_cast<std::size_t>(end - late.now)) != 0) return 0;
    return last.size() - static_cast<std::size_t>(found - searched.begin()) - 1;
}

void ChainWalk::Chain::clear() {
    frames.clear();
    outside.clear();
    walked = unproven = gone = joined = 0;
    apart = recalled = 0;
    joint_held = true;
    recognisable = false;
}

/// Finds a frame's copies and what they say of it. False: it was not read.
bool ChainWalk::meet(FrameCoverage& coverage, const process::RemoteMemory* fetch_from, RemoteAddr address, Copy copy,
                     Met& met) {
    met.address = address;
    met.copies = plausible_object(address) ? coverage.find(address, layout_.frame.size) : FrameCopies{};
    if (met.copies.first == nullptr && fetch_from != nullptr) met.copies = fetch(coverage, *fetch_from, address);
    if (met.copies.first == nullptr) return false;
    met.other = decode_frame(layout_, bytes_of(met.copies, copy == Copy::kAfter ? Copy::kBefore : Copy::kAfter));
    met.shown = met.copied_late() ? met.other : decode_frame(layout_, bytes_of(met.copies, copy));
    met.on_data_stack = coverage.in_range(address);
    met.resumed = resumed_.find(coverage, address, met.shown, met.other);
    if (met.resumed.ended) met.shown = fields_of(met.resumed.frame);
    met.was_generator = met.shown.generator;
    if (met.resumed.known()) {
        met.shown.previous = met.resumed.by;
        // A heap frame that has ended is none any more.
        met.shown.generator = met.shown.generator || met.resumed.frame.generator;
    }
    return true;
}

/// The chain leads from frames that were copied early to those that were copied once.
void ChainWalk::note_place(FrameCoverage& coverage, const Met& met, Copy copy, Walked& walked, Chain& chain) const {
    if (!met.on_data_stack) chain.outside.push_back(met.address);
    if (met.copied_late()) {
        if (!walked.late_part && chain.walked > 0) check_joint(coverage, walked.joint, chain);
        walked.late_part = true;
    } else if (met.on_data_stack != heap()) {
        walked.joint = {met.address, bytes_of(met.copies, copy)};
    }
}

/// Notes which frames are in doubt because of this one.
void ChainWalk::judge(const Met& met, const Walked& walked, Chain& chain) const {
    // A generator runs for so short a time that its caller may have moved between the copies of both.
    if (chain.walked > 0 && chain.frames.back().generator &&
        (met.resumed.known() || met.shown.instruction != met.other.instruction))
        Chain::note(chain.apart, chain.walked - 1);
    std::uint64_t in_doubt = doubt(chain, met.shown, met.other, walked.direct_callee);
    if (in_doubt == 0 && chain.walked > 0 && !met.shown.shim && !met.copied_late() &&
        slots_changed(layout_, met.copies, met.address, walked.last))
        in_doubt = chain.walked + 1;
    if (met.resumed.known()) {
        in_doubt = chain.walked + 1;
        Chain::note(chain.apart, chain.walked);
        Chain::note(chain.recalled, chain.walked);
    }
    if (met.resumed.ended) chain.gone = chain.walked + 1;
    chain.unproven = std::max(chain.unproven, in_doubt);
}

/// What the other copy knows better.
void ChainWalk::correct(Met& met, bool innermost) const {
    FrameFields& shown = met.shown;
    const FrameFields& other = met.other;
    if (innermost && met.resumed.known()) {
        // It runs by the time of the second copy, or is another by now, made where one had ended.
        const bool runs_later = !other.previous.is_null() || (other.generator && !met.was_generator);
        if (other.code == shown.code && runs_later) shown.instruction = other.instruction;
    }
    if (innermost && heap()) {
        // Linked before it was marked as executing: see `is_being_built`.
        if (shown.activity == Activity::kDead && !met.resumed.known()) shown = other;
        // What it had called by the first copy has returned by the time of the pointer, so it has gone on.
        if (shown.instruction != other.instruction &&
            known_.is_call({met.address, shown.code, shown.instruction, shown.tlbc_index, false, false}))
            shown.instruction = other.instruction;
    }
    // A frame loses its code when it returns (3.14+): the copy that still has it says what ran.
    if (shown.code.is_null()) {
        shown.code = other.code;
        shown.instruction = other.instruction;
    }
}

/// A heap frame is linked before it is marked as executing; nothing of it has run yet. One that executes by the time of the
/// second copy had begun: to give its time to its caller would take from each call what a read lasts.
bool ChainWalk::is_being_built(const Met& met, bool innermost) const {
    return innermost && heap() && met.shown.activity == Activity::kDead && met.other.activity == Activity::kDead &&
           !met.resumed.known();
}

/// The frame becomes the outermost of the chain so far.
void ChainWalk::take(const Met& met, Walked& walked, Chain& chain) {
    const FrameFields& f = met.shown;
    if (!f.shim) {
        if (chain.walked > 0 && !walked.direct_callee && chain.walked <= kMaxFrames)
            chain.frames.back().through_c = true;
        keep_frame(chain, {met.address, f.code, f.instruction, f.tlbc_index, f.generator, false});
    }
    walked.generator = f.generator;
    walked.shim = f.shim;
    walked.outermost = {met.address, f.code};
    walked.direct_callee = met.resumed.known() ? !met.resumed.frame.through_c : !f.shim && !f.entry;
}

/// `next`: what the last frame names as its caller.
void ChainWalk::finish(Chain& chain, const Walked& walked, RemoteAddr next) const {
    finish_elision(chain);
    if (chain.joined != 0) {
        chain.frames.back().through_c = stack_.frames()[stack_.size() - chain.joined - 1].through_c;
        chain.end = stack_end_;
        chain.rooted = true;
    } else {
        chain.end = next.is_null() && !walked.generator ? walked.outermost : Outermost{};
        chain.rooted = next.is_null() && ends_at_root(walked.outermost, walked.generator, walked.shim);
    }
    if (!chain.rooted || !all_covered()) chain.unproven = chain.walked;
}

void ChainWalk::follow(FrameCoverage& coverage, const process::RemoteMemory* fetch_from, RemoteAddr top, Copy copy,
                       const LateBytes& late, Chain& chain) {
    chain.clear();
    coverage.restart();
    Walked walked;
    Met met;
    RemoteAddr address = top;
    RemoteAddr checkpoint;  // Brent's cycle check: the address at the last power of two
    for (std::uint64_t steps = 0; steps < kMaxWalk && !address.is_null() && address != checkpoint; ++steps) {
        if ((steps & (steps - 1)) == 0) checkpoint = address;
        if (!meet(coverage, fetch_from, address, copy, met)) break;
        note_place(coverage, met, copy, walked, chain);
        if (!is_being_built(met, chain.walked == 0)) {
            judge(met, walked, chain);
            correct(met, chain.walked == 0);
            take(met, walked, chain);
            if (met.copied_late() && !met.shown.shim && late.before != nullptr)
                chain.joined = frames_behind(address, met.copies.second, late);
        }
        chain.last = walked.last = address;
        address = met.shown.previous;
        if (chain.joined != 0) break;
    }
    finish(chain, walked, address);
}

/// That a frame names its caller is a fact of one copy; whether the call is claimed is asked later.
void ChainWalk::remember_callers(const Chain& chain) {
    const std::size_t end = std::min<std::size_t>(chain.frames.size(), chain.unproven + kLearned);
    for (std::size_t i = chain.gone; i + 1 < end; ++i)
        if (!Chain::noted(chain.recalled, i)) resumed_.remember(chain.frames[i], chain.frames[i + 1]);
}

/// Remembers the calls of the proven part. The outer ones do not change and were learned long ago. Heap frames are copied over
/// a longer time, which short calls do not outlast, so too many of the few proofs are false; see `study_call`.
void ChainWalk::learn(const Chain& chain) {
    if (chain.rooted && chain.elided == 0) remember_callers(chain);
    if (!chain.rooted || chain.elided != 0 || layout_.current_frame == CurrentFrame::kHeapFrame) return;
    const std::size_t end = std::min<std::size_t>(chain.frames.size(), chain.unproven + kLearned);
    for (std::size_t i = chain.unproven; i + 1 < end; ++i) known_.learn(chain.frames[i + 1], chain.frames[i]);
}

/// Claims doubtful frames, from the outside in, as long as each is called by the one before as it was proven elsewhere. By the
/// time that a caller was copied it may have gone on: a generator's, and any before 3.11, where frames are copied one by one.
/// When its callee was copied it stood where it calls it.
void ChainWalk::recognise(Chain& chain) const {
    // Where frames are silent some proofs are false, and a false one would be used again and again.
    if (!chain.rooted || !all_covered() || chain.elided != 0 || silent()) return;
    chain.recognisable = chain.gone == 0;
    while (chain.unproven > chain.gone && chain.unproven < chain.frames.size()) {
        RawFrame& caller = chain.frames[chain.unproven];
        const RawFrame& callee = chain.frames[chain.unproven - 1];
        if (!known_.recognise(caller, callee, heap() || Chain::noted(chain.apart, chain.unproven - 1))) break;
        --chain.unproven;
    }
}

/// Whether a frame runs its own bytecode in both copies. Then it was alive between them, whatever named it.
bool ChainWalk::stays_alive(FrameCoverage& coverage, RemoteAddr frame) const {
    const FrameCopies copies = plausible_object(frame) ? coverage.find(frame, layout_.frame.size) : FrameCopies{};
    if (copies.first == copies.second) return false;
    const FrameFields before = decode_frame(layout_, copies.first);
    const FrameFields after = decode_frame(layout_, copies.second);
    return before.activity == Activity::kExecuting && after.activity == Activity::kExecuting &&
           before.code == after.code && before.previous == after.previous;
}

/// What named the innermost frame changed while it was read. The eval loop it belongs to may have ended, so the frames it ran
/// are in doubt; those that wait for a C function stand by themselves, and so does the thread's outermost.
void ChainWalk::doubt_entry(Chain& chain) const {
    const auto entry =
        std::find_if(chain.frames.begin(), chain.frames.end(), [](const RawFrame& frame) { return frame.through_c; });
    const auto inner = static_cast<std::uint64_t>(entry - chain.frames.begin()) + 1;
    const std::uint64_t most = chain.frames.size() - (chain.rooted && !chain.frames.empty() ? 1 : 0);
    chain.unproven = std::max(chain.unproven, std::min(inner, most));
}

/// Which frame was innermost when the copy was made.
RemoteAddr ChainWalk::innermost(FrameCoverage& coverage, RemoteAddr named, Copy copy) const {
    const RemoteAddr top = copy == Copy::kBefore ? resumed_.behind_marker(coverage, named, copy) : named;
    return resumed_.settle(coverage, settle(layout_, known_, coverage, top, copy), copy);
}

void ChainWalk::walk(FrameCoverage& coverage, const process::RemoteMemory& memory, const NamedTop& top,
                     const LateBytes& late) {
    fetched_.clear();
    Chain& after = chains_[0];
    Chain& before = chains_[1];
    follow(coverage, nullptr, innermost(coverage, top.before, Copy::kBefore), Copy::kBefore, late, before);
    if (!top.sure && !stays_alive(coverage, top.before)) doubt_entry(before);
    learn(before);
    if (!before.end.frame.is_null()) note_root(before.end);
    recognise(before);
    result_ = &before;
    if (!before.whole()) {
        follow(coverage, nullptr, innermost(coverage, top.after, Copy::kAfter), Copy::kAfter, late, after);
        if (!top.sure && !stays_alive(coverage, top.after)) doubt_entry(after);
        recognise(after);
        const bool take_after = before.rooted != after.rooted && after.rooted;
        if (take_after) result_ = &after;
    }
    // Neither copy leads to the root: is there a frame that was not foreseen?
    if (!result_->rooted) {
        follow(coverage, &memory, top.after, Copy::kAfter, {}, after);
        result_ = &after;
    }
    const bool found = result_->rooted;
    if (!found && result_->elided == 0) restart(coverage, top.after);
    keep_result(found && late.of_sweep);
}

/// Makes the result the thread's stack; what it has in common with the one before stays where it is.
void ChainWalk::keep_result(bool continuable) {
    const Chain& chain = *result_;
    stack_.replace_inner(chain.joined, chain.frames);
    unchanged_ = chain.joined;
    proven_common_ = std::min(proven_common_, chain.joined);
    continuable_ = continuable && chain.elided == 0 && all_covered();
    stack_end_ = chain.end;
    if (!chain.whole() || chain.elided != 0) return;
    last_proven_.replace_inner(proven_common_, stack_.frames().first(stack_.size() - proven_common_));
    proven_common_ = stack_.size();
}

void ChainWalk::study(FrameCoverage& coverage, const NamedTop& top) {
    follow(coverage, nullptr, settle(layout_, known_, coverage, top.after, Copy::kAfter), Copy::kAfter, {}, studied_);
    if (!top.sure && !stays_alive(coverage, top.after)) doubt_entry(studied_);
    learn(studied_);
}

void ChainWalk::study_call(const RawFrame& caller, const FrameCopies& caller_bytes, const RawFrame& callee,
                           const std::byte* callee_bytes) {
    const FrameFields before = decode_frame(layout_, caller_bytes.first);
    const FrameFields after = decode_frame(layout_, caller_bytes.second);
    const FrameFields called = decode_frame(layout_, callee_bytes);
    if (before.code != caller.code || after.code != caller.code || before.instruction != after.instruction) return;
    if (before.activity == Activity::kDead || after.activity == Activity::kDead) return;
    const bool heap = layout_.current_frame == CurrentFrame::kHeapFrame;
    if (heap && slots_changed(layout_, caller_bytes, caller.frame, callee.frame)) return;
    // A frame that waits leaves all of itself alone.
    if (!heap && std::memcmp(caller_bytes.first, caller_bytes.second, caller_bytes.size) != 0) return;
    const bool waits_for_it = called.activity != Activity::kDead && called.previous == caller.frame;
    RawFrame from = caller;
    from.instruction = before.instruction;
    RawFrame to = callee;
    if (waits_for_it) {
        to.code = called.code;
        to.generator = called.generator;
        if (!to.code.is_null()) known_.learn(from, to);
    } else if (from.instruction == caller.instruction) {
        known_.doubt(from, to);
    }
}

const RawFrame* ChainWalk::unknown_callee() const {
    const std::span<const RawFrame> frames = stack_.frames();
    if (frames.empty()) return nullptr;
    for (std::size_t i = std::min<std::size_t>(result_->unproven, frames.size() - 1); i > 0; --i)
        if (!known_.knows(frames[i], frames[i - 1])) return &frames[i - 1];
    return nullptr;
}

void ChainWalk::store(RawStack& stack) const {
    stack.frames = stack_.frames();
    stack.unchanged = unchanged_;
    stack.unproven = static_cast<std::uint32_t>(std::min<std::uint64_t>(result_->unproven, stack_.size()));
    stack.elided = result_->elided;
    stack.elided_after = static_cast<std::uint32_t>(kMaxFrames - kRootFrames);
    stack.root_reached = result_->rooted;
    stack.recognisable = result_->recognisable && stack.unproven > 0 && stack.unproven < stack_.size();
    stack.apart = heap() ? ~std::uint64_t{0} : result_->apart;
    // A chain of entry markers only is a thread between two pieces of Python.
    stack.status = stack_.size() == 0 && result_->rooted ? StackStatus::kNoFrame : StackStatus::kOk;
}

}  // namespace lampyr::cpython
