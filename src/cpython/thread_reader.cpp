// SPDX-License-Identifier: MIT
#include "cpython/thread_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace lampyr::cpython {

namespace {

// _PyStackChunk (Include/internal/pycore_pystate.h): previous, size, top, data[]. Never published, never moved.
constexpr std::uint64_t kChunkHeader = 24;
constexpr std::uint64_t kChunkMaxBytes = 64ULL << 20;
constexpr std::uint64_t kStackMaxBytes = 512ULL << 20;
constexpr std::size_t kMaxChunks = 1U << 16;
/// The stack may grow this far above its last known top before a second call is needed.
constexpr std::uint64_t kSlack = 1024;
/// Half the window read right after the thread state: some four frames to either side.
constexpr std::uint64_t kHalfWindow = 320;
/// The window follows the top once it has moved this far.
constexpr std::uint64_t kWindowDrift = 160;
/// Frames remembered although the last walk did not meet them, so that alternating generators stay predicted.
constexpr std::size_t kRemembered = 8;
constexpr std::size_t kSearched = 64;
/// A deeper stack keeps this many innermost frames and `kRootFrames` outermost ones.
constexpr std::size_t kMaxFrames = 1U << 18;
constexpr std::size_t kRootFrames = 1U << 10;
constexpr std::uint64_t kMaxWalk = 1U << 24;
/// Times a stack is looked for again when it vanished while being listed.
constexpr int kAttempts = 3;

struct ChunkHeader {
    std::uint64_t previous;
    std::uint64_t size;
    std::uint64_t top;
};

bool plausible_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

ThreadReader::ThreadReader(const Layout& layout, RemoteAddr tstate, RemoteAddr interpreter)
    : layout_(layout), tstate_(tstate), interpreter_(interpreter) {
    stack_.tstate = tstate;
    stack_.interpreter = interpreter;
}

void ThreadReader::plan_frames_first(ReadPlan& plan) {
    first_offsets_.clear();
    for (const RemoteAddr frame : outside_) first_offsets_.push_back(plan.add(frame, layout_.frame.size));
}

void ThreadReader::plan_frames_second(ReadPlan& plan, CopySource source) {
    for (std::size_t i = 0; i < outside_.size(); ++i)
        coverage_.add_frame(outside_[i], source, first_offsets_[i], plan.add(outside_[i], layout_.frame.size));
}

/// The window, the window again, all chunks, all chunks again. The two windows are neighbours in time: the shorter the gap
/// between the copies of a frame, the fewer frames change in it by chance.
void ThreadReader::plan_ranges(ReadPlan& plan, RemoteAddr top, CopySource source) {
    window_center_ = top;
    for (const Chunk& chunk : chunks_) {
        const std::uint64_t begin = chunk.address.value;
        const std::uint64_t end = begin + chunk.bytes;
        if (top.value < begin || top.value >= end) continue;
        const RemoteAddr start(std::max(begin, top.value - kHalfWindow));
        const std::uint64_t size = std::min(end, top.value + kHalfWindow) - start.value;
        const std::uint32_t first = plan.add(start, size);
        coverage_.add_range(start, size, source, first, plan.add(start, size));
        break;
    }
    first_offsets_.clear();
    for (const Chunk& chunk : chunks_) first_offsets_.push_back(plan.add(chunk.address, chunk.bytes));
    for (std::size_t i = 0; i < chunks_.size(); ++i)
        coverage_.add_range(chunks_[i].address, chunks_[i].bytes, source, first_offsets_[i],
                            plan.add(chunks_[i].address, chunks_[i].bytes));
}

void ThreadReader::plan(ReadPlan& plan) {
    first_segment_ = plan.size();
    begin_ = plan.bytes();
    coverage_.clear();
    if (chunked()) plan_frames_first(plan);
    std::vector<std::uint32_t> outside_first = first_offsets_;
    tstate_offset_ = plan.add(tstate_, layout_.thread.size);
    if (layout_.current_frame == CurrentFrame::kCFrame && !cframe_.is_null())
        cframe_offset_ = plan.add(cframe_ + layout_.frame.current_in_cframe.value(), sizeof(std::uint64_t));
    if (chunked()) {
        plan_ranges(plan, top_, CopySource::kSweep);
        first_offsets_.swap(outside_first);
    } else {
        plan_frames_first(plan);
    }
    plan_frames_second(plan, CopySource::kSweep);
    end_ = plan.bytes();
    outdated_ = false;
    reusable_ = false;
}

const RawStack& ThreadReader::fail(StackStatus status) {
    stack_.status = status;
    stack_.frames = {};
    stack_.unproven = 0;
    stack_.elided = 0;
    stack_.root_reached = false;
    return stack_;
}

bool ThreadReader::take_thread_state(const std::byte* tstate) {
    const ThreadLayout& t = layout_.thread;
    if (load_pointer(tstate, t.interp) != interpreter_) return false;
    next_ = load_pointer(tstate, t.next);
    stack_.ident = load<std::uint64_t>(tstate, t.thread_id);
    stack_.native_id = t.native_thread_id.present() ? load<std::int64_t>(tstate, t.native_thread_id) : 0;
    return true;
}

/// Where the innermost frame is. False: the thread runs no Python code, or its C frame could not be read.
bool ThreadReader::find_top(const process::RemoteMemory& memory, const std::byte* tstate, const std::byte* cframe,
                            Top& top) {
    const ThreadLayout& t = layout_.thread;
    const RemoteAddr pointer = load_pointer(tstate, t.frame);
    if (layout_.current_frame == CurrentFrame::kCFrame) {
        if (pointer.is_null()) return false;
        if (cframe != nullptr && pointer == cframe_) {
            std::uint64_t value = 0;
            std::memcpy(&value, cframe, sizeof value);
            top.frame = RemoteAddr(value);
        } else {
            outdated_ = true;
            stack_.mispredicted = cframe != nullptr;
            cframe_ = pointer;
            top.frame = memory.read_pointer(pointer + layout_.frame.current_in_cframe.value()).value_or(RemoteAddr());
        }
    } else {
        top.frame = pointer;
    }
    if (chunked()) {
        top.chunk = load_pointer(tstate, t.datastack_chunk);
        top.chunk_top = load_pointer(tstate, t.datastack_top);
    }
    return !top.frame.is_null();
}

bool ThreadReader::covers(const Top& top) const {
    if (!chunked() || top.chunk.is_null()) return true;
    if (chunks_.empty() || chunks_.front().address != top.chunk) return false;
    return top.chunk_top.value - top.chunk.value <= chunks_.front().bytes;
}

/// Brings `chunks_` up to date. Older chunks are complete and keep their size, so the known tail of the list is kept.
bool ThreadReader::list_chunks(const process::RemoteMemory& memory, const Top& top) {
    std::vector<Chunk> fresh;
    RemoteAddr address = top.chunk;
    std::uint64_t total = 0;
    while (!address.is_null() && fresh.size() < kMaxChunks && total < kStackMaxBytes) {
        if (!plausible_object(address)) return false;
        const auto header = memory.read_value<ChunkHeader>(address);
        if (!header || header->size < kChunkHeader || header->size > kChunkMaxBytes) return false;
        const bool newest = fresh.empty();
        const std::uint64_t used =
            newest ? top.chunk_top.value - address.value + kSlack : kChunkHeader + header->top * sizeof(std::uint64_t);
        if (newest && top.chunk_top.value - address.value > header->size) return false;
        fresh.push_back({address, std::min(used, header->size)});
        total += fresh.back().bytes;
        address = RemoteAddr(header->previous);
        const auto known =
            std::find_if(chunks_.begin(), chunks_.end(), [&](const Chunk& chunk) { return chunk.address == address; });
        // The newest known chunk was read with its top of that time, so it is listed anew; those below it are final.
        if (!newest && known != chunks_.end() && known != chunks_.begin()) {
            fresh.insert(fresh.end(), known, chunks_.end());
            break;
        }
    }
    chunks_ = std::move(fresh);
    return true;
}

/// The second call: the stack is not where it was predicted, so it is read where the thread state says it is.
bool ThreadReader::read_where_it_is(const process::RemoteMemory& memory, const Top& top) {
    outdated_ = true;
    if (chunked() && !list_chunks(memory, top)) return false;
    second_plan_.clear();
    coverage_.clear();
    if (chunked()) plan_ranges(second_plan_, top.frame, CopySource::kSecondCall);
    plan_frames_first(second_plan_);
    plan_frames_second(second_plan_, CopySource::kSecondCall);
    if (second_bytes_.size() < second_plan_.bytes()) second_bytes_.resize(second_plan_.bytes());
    const std::span<std::byte> out(second_bytes_.data(), second_plan_.bytes());
    if (memory.read_segments(second_plan_.segments(), out) == out.size()) {
        coverage_.set_buffer(CopySource::kSecondCall, second_bytes_.data());
        return true;
    }
    // A frame remembered from earlier may be gone together with its memory; the chain itself decides what is needed.
    outside_.clear();
    coverage_.clear();
    second_plan_.clear();
    if (!chunked()) return true;
    plan_ranges(second_plan_, top.frame, CopySource::kSecondCall);
    const std::span<std::byte> ranges(second_bytes_.data(), second_plan_.bytes());
    coverage_.set_buffer(CopySource::kSecondCall, second_bytes_.data());
    return memory.read_segments(second_plan_.segments(), ranges) == ranges.size();
}

const RawStack& ThreadReader::decode(const process::RemoteMemory& memory, const std::byte* sweep,
                                     const std::byte* before) {
    if (before != nullptr && reusable_ && std::memcmp(sweep + begin_, before + begin_, end_ - begin_) == 0) {
        return stack_;
    }
    ++stack_.serial;
    stack_.mispredicted = false;
    reusable_ = false;
    const std::byte* tstate = sweep + tstate_offset_;
    if (!take_thread_state(tstate)) return fail(StackStatus::kStale);
    Top top;
    const std::byte* cframe = cframe_.is_null() ? nullptr : sweep + cframe_offset_;
    if (!find_top(memory, tstate, cframe, top)) {
        reusable_ = true;
        return fail(StackStatus::kNoFrame);
    }
    coverage_.set_buffer(CopySource::kSweep, sweep);
    if (!covers(top)) {
        stack_.mispredicted = true;
        if (!read_where_it_is(memory, top)) return read_alone(memory);
    }
    walk(memory, top.frame);
    learn(top.frame);
    reusable_ = !outdated_ && !stack_.mispredicted;
    return stack_;
}

const RawStack& ThreadReader::read_alone(const process::RemoteMemory& memory) {
    ++stack_.serial;
    stack_.mispredicted = true;
    reusable_ = false;
    outdated_ = true;
    std::vector<std::byte> tstate(layout_.thread.size);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (!memory.read(tstate_, tstate) || !take_thread_state(tstate.data())) return fail(StackStatus::kStale);
        Top top;
        if (!find_top(memory, tstate.data(), nullptr, top)) return fail(StackStatus::kNoFrame);
        if (!read_where_it_is(memory, top)) continue;
        stack_.mispredicted = true;
        walk(memory, top.frame);
        learn(top.frame);
        return stack_;
    }
    chunks_.clear();
    outside_.clear();
    return fail(StackStatus::kUnreadable);
}

/// A frame nobody predicted: read now, twice in one call.
FrameCopies ThreadReader::fetch(const process::RemoteMemory& memory, RemoteAddr frame) {
    if (!plausible_object(frame)) return {};
    const std::size_t size = layout_.frame.size;
    const std::size_t at = fetched_.size();
    fetched_.resize(at + 2 * size);
    const std::array<process::RemoteSegment, 2> segments{{{frame.value, size}, {frame.value, size}}};
    stack_.mispredicted = true;
    if (memory.read_segments(segments, std::span(fetched_).subspan(at)) != 2 * size) {
        fetched_.resize(at);
        return {};
    }
    coverage_.set_buffer(CopySource::kFetched, fetched_.data());
    coverage_.add_frame(frame, CopySource::kFetched, static_cast<std::uint32_t>(at),
                        static_cast<std::uint32_t>(at + size));
    return {fetched_.data() + at, fetched_.data() + at + size};
}

void ThreadReader::keep_frame(RemoteAddr address, const FrameFields& fields) {
    const RawFrame frame{address, fields.code, fields.instruction, fields.tlbc_index, fields.generator};
    if (walked_ < kMaxFrames)
        frames_.push_back(frame);
    else  // the last places are a ring of the outermost frames seen so far
        frames_[kMaxFrames - kRootFrames + walked_ % kRootFrames] = frame;
    ++walked_;
}

void ThreadReader::finish_elision() {
    stack_.elided = 0;
    if (walked_ <= kMaxFrames) return;
    const auto ring = frames_.begin() + static_cast<std::ptrdiff_t>(kMaxFrames - kRootFrames);
    std::rotate(ring, ring + static_cast<std::ptrdiff_t>(walked_ % kRootFrames), frames_.end());
    stack_.elided = walked_ - kMaxFrames;
    stack_.elided_after = static_cast<std::uint32_t>(kMaxFrames - kRootFrames);
}

/// Judges one frame of the chain by its two copies. Returns how many of the frames walked so far, this one included, are in
/// doubt because of it; 0: none. A frame counts when both copies agree on code and caller; a caller also when it stands at the
/// same instruction both times and waits both times, so that its callee and its line belong together. Bytes inside one
/// copy have no order that could be relied on.
std::uint64_t ThreadReader::doubt(const FrameFields& a, const FrameFields& b, bool direct_callee) const {
    const bool top = walked_ == 0;
    const std::uint64_t with_this = walked_ + (a.shim ? 0 : 1);
    if (a.activity == Activity::kDead) return with_this;
    if (b.activity == Activity::kDead || a.code != b.code || a.previous != b.previous || a.shim != b.shim)
        return with_this;
    if (top || a.shim) return 0;
    if (a.instruction != b.instruction || a.tlbc_index != b.tlbc_index) return with_this;
    // A caller that runs its own bytecode waits for nobody: what was found above it has returned already.
    const bool runs = a.activity == Activity::kExecuting || b.activity == Activity::kExecuting;
    return direct_callee && runs ? walked_ : 0;
}

/// Whether a chain that ended with a null pointer ended where the thread's stack begins. A generator that was suspended while
/// it was read has no caller either. From 3.12 on the eval loop's entry marker is the last; before, the outermost frame
/// must be the one it was, or be found twice.
bool ThreadReader::ends_at_root(RemoteAddr outermost, bool generator, bool shim_last) {
    if (layout_.shim_rule == ShimRule::kOwnerFrom3) return shim_last;
    if (generator) return false;
    const bool known = root_.is_null() || outermost == root_ || outermost == next_root_;
    next_root_ = outermost;
    if (known) root_ = outermost;
    return known;
}

void ThreadReader::walk(const process::RemoteMemory& memory, RemoteAddr top) {
    frames_.clear();
    fetched_.clear();
    outside_now_.clear();
    coverage_.restart();
    walked_ = 0;
    std::uint64_t unproven = 0;
    bool direct_callee = false;  // the frame above was entered by this one without C between them
    bool generator = false;
    bool shim_last = false;
    RemoteAddr outermost;
    RemoteAddr address = top;
    RemoteAddr checkpoint;  // Brent's cycle check: the address at the last power of two
    for (std::uint64_t steps = 0; steps < kMaxWalk && !address.is_null() && address != checkpoint; ++steps) {
        if ((steps & (steps - 1)) == 0) checkpoint = address;
        FrameCopies copies = plausible_object(address) ? coverage_.find(address, layout_.frame.size) : FrameCopies{};
        if (copies.first == nullptr) copies = fetch(memory, address);
        if (copies.first == nullptr) break;
        const FrameFields a = decode_frame(layout_, copies.first);
        if (!chunked() || !coverage_.in_range(address)) outside_now_.push_back(address);
        // A heap frame is linked before it is marked as executing; nothing of it has run yet.
        const bool being_built = walked_ == 0 && !chunked() && a.activity == Activity::kDead;
        if (!being_built) {
            unproven = std::max(unproven, doubt(a, decode_frame(layout_, copies.second), direct_callee));
            if (!a.shim) keep_frame(address, a);
            generator = a.generator;
            shim_last = a.shim;
            outermost = address;
            direct_callee = !a.shim && !a.entry;
        }
        address = a.previous;
    }
    finish_elision();
    stack_.root_reached = address.is_null() && ends_at_root(outermost, generator, shim_last);
    if (!stack_.root_reached) {
        unproven = walked_;
        if (stack_.elided == 0) salvage();
    }
    stack_.frames = frames_;
    stack_.unproven = static_cast<std::uint32_t>(std::min<std::uint64_t>(unproven, frames_.size()));
    // A chain of entry markers only is a thread between two pieces of Python.
    stack_.status = frames_.empty() && stack_.root_reached ? StackStatus::kNoFrame : StackStatus::kOk;
    if (unproven == 0 && stack_.elided == 0) last_proven_ = frames_;
}

/// The chain broke off: the innermost frame returned and its place was used again before it was read. The outer part of the
/// stack is still there; it is found from the other end, as far as it stands as it stood in the last proven stack.
void ThreadReader::salvage() {
    std::size_t kept = 0;
    while (kept < last_proven_.size()) {
        const RawFrame& known = last_proven_[last_proven_.size() - 1 - kept];
        const FrameCopies copies = coverage_.find(known.frame, layout_.frame.size);
        if (copies.first == nullptr) break;
        const FrameFields a = decode_frame(layout_, copies.first);
        const FrameFields b = decode_frame(layout_, copies.second);
        const bool stands =
            a.code == known.code && b.code == known.code && a.instruction == b.instruction && a.previous == b.previous;
        const bool calls =
            a.activity != Activity::kExecuting && a.activity != Activity::kDead && a.activity == b.activity;
        if (!stands || !calls) break;
        last_proven_[last_proven_.size() - 1 - kept].instruction = a.instruction;
        ++kept;
    }
    if (kept == 0) return;
    const auto outer = last_proven_.end() - static_cast<std::ptrdiff_t>(kept);
    frames_.insert(frames_.end(), outer, last_proven_.end());
    stack_.root_reached = true;
}

/// Moves the prediction to where the stack is now. Only a change that the next sweep would miss outdates the plan.
void ThreadReader::learn(RemoteAddr top) {
    top_ = top;
    if (chunked()) {
        const std::uint64_t drift = top > window_center_ ? top - window_center_ : window_center_ - top;
        if (drift > kWindowDrift && coverage_.in_range(top)) outdated_ = true;
    }
    const bool top_first = chunked() || (!outside_.empty() && outside_.front() == top);
    if (!stack_.mispredicted && top_first) return;
    // Frames the walk did not meet this time are kept for a while: generators and leaf functions come back. They sit at
    // the inner end of the old list; looking further would cost more than a wrong guess.
    const std::size_t met = std::min(outside_now_.size(), kSearched);
    std::size_t remembered = 0;
    for (std::size_t i = 0; i < std::min(outside_.size(), kSearched) && remembered < kRemembered; ++i) {
        const auto end = outside_now_.begin() + static_cast<std::ptrdiff_t>(met);
        if (std::find(outside_now_.begin(), end, outside_[i]) != end) continue;
        outside_now_.push_back(outside_[i]);
        ++remembered;
    }
    outside_.swap(outside_now_);
    outdated_ = true;
}

}  // namespace lampyr::cpython
