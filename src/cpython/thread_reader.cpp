// SPDX-License-Identifier: MIT
#include "cpython/thread_reader.hpp"

#include <algorithm>
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
/// The window read right before and right after the pointer: the innermost frame, those it is called by, and a little of what
/// it may have called. Further down little changes; what lies further up was not used a moment ago.
constexpr std::uint64_t kWindowBelow = 1280;
constexpr std::uint64_t kWindowAbove = 256;
/// A stack that is no larger, slack included, is all window: copying it is cheaper than one more range.
constexpr std::uint64_t kSmallStack = 4096;
/// Of these so many as were met last are read next to the pointer, as those that the last walk met.
constexpr std::size_t kLately = 4;
/// Before 3.11 so many innermost frames are read twice, and so many of these once more behind the outer ones.
constexpr std::size_t kEarlyFrames = 24;
constexpr std::size_t kJointFrames = 12;
constexpr std::uint64_t kPageBytes = 4096;
/// A thread that was still for so many sweeps is no longer read with the others; so threads that take turns stay.
constexpr std::uint32_t kRestsAfter = 16;
/// Times a stack is looked for again when it vanished while being listed.
constexpr int kAttempts = 4;

struct ChunkHeader {
    std::uint64_t previous;
    std::uint64_t size;
    std::uint64_t top;
};

bool plausible_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

ThreadReader::ThreadReader(const process::RemoteMemory& memory, TimedRead& timed, const Layout& layout,
                           KnownCalls& known, RemoteAddr tstate, RemoteAddr interpreter)
    : memory_(memory),
      timed_(timed),
      layout_(layout),
      known_calls_(known),
      tstate_(tstate),
      interpreter_(interpreter),
      chain_(layout, known) {
    stack_.tstate = tstate;
    stack_.interpreter = interpreter;
}

/// The order of the ranges. First the window around the predicted top, before anything that would make the program wait for its
/// memory: what it shows is the sample. Then the pointer to the innermost frame and the window again; equal copies around the
/// pointer prove. What changes more slowly follows: single frames, and last the rest of the data stack, which ends in the window
/// once more.
void ThreadReader::plan_chunked(ReadPlan& plan, CopySource source, Sandwich& sandwich) {
    const Chunk window = predict_window();
    const bool by_cframe = layout_.current_frame == CurrentFrame::kCFrame;
    if (by_cframe) sandwich.cframe_before = plan.add(tstate_ + layout_.thread.frame.value(), sizeof(std::uint64_t));
    const std::uint32_t first = window.bytes != 0 ? plan.add(window.address, window.bytes) : 0;
    plan_first(plan, early_);
    sandwich.cframes = cframes_;
    if (!by_cframe)
        plan_thread_state(plan, sandwich);
    else if (!cframes_.address.is_null())
        sandwich.pointer = plan.add(cframes_.address, cframes_.bytes);
    if (window.bytes != 0)
        sandwich.coverage.add_range(window.address, window.bytes, source, first,
                                    plan.add(window.address, window.bytes));
    if (by_cframe) plan_thread_state(plan, sandwich);
    sandwich.late_begin = plan.bytes();
    plan_second(plan, source, early_, sandwich.coverage);
    if (!is_whole_stack(window)) plan_chunks(plan, source, sandwich.coverage);
    sandwich.late_end = plan.bytes();
}

/// Up to 3.10 there are single frames only. The innermost ones come before and after the pointer; behind them the outer ones, and
/// last those between once more.
void ThreadReader::plan_heap(ReadPlan& plan, CopySource source, Sandwich& sandwich) {
    plan_first(plan, early_);
    plan_thread_state(plan, sandwich);
    plan_second(plan, source, early_, sandwich.coverage);
    sandwich.late_begin = plan.bytes();
    for (const FrameBlocks::Block& block : late_outer_.blocks()) {
        const std::uint32_t offset = plan.add(block.start, block.size);
        sandwich.coverage.add_block(block.start, block.size, source, offset, offset);
    }
    sandwich.late_end = plan.bytes();
    for (const FrameBlocks::Block& block : late_joint_.blocks())
        sandwich.coverage.add_joint(block.start, block.size, source, plan.add(block.start, block.size));
}

void ThreadReader::plan_sandwich(ReadPlan& plan, CopySource source, Sandwich& sandwich) {
    sandwich.coverage.clear();
    set_blocks();
    sandwich.coverage.expect(sorted_);
    if (chunked())
        plan_chunked(plan, source, sandwich);
    else
        plan_heap(plan, source, sandwich);
    window_center_ = top_;
}

/// The pointer to the innermost frame lies in the thread state (but for 3.11 and 3.12).
void ThreadReader::plan_thread_state(ReadPlan& plan, Sandwich& sandwich) const {
    sandwich.tstate = plan.add(tstate_, layout_.thread.size);
    if (layout_.current_frame != CurrentFrame::kCFrame)
        sandwich.pointer = sandwich.tstate + layout_.thread.frame.value();
    if (watched_.present()) sandwich.watched = plan.add_near(tstate_ + watched_.value(), sizeof(std::uint64_t));
}

/// Which single frames are read twice and which once.
void ThreadReader::set_blocks() {
    const auto bytes_at = [this](RemoteAddr frame) { return outside_bytes(frame); };
    std::size_t twice = chunked() ? outside_.size() : std::min(outside_.size(), kEarlyFrames);
    sorted_.assign(outside_.begin(), outside_.begin() + static_cast<std::ptrdiff_t>(twice));
    sorted_.insert(sorted_.end(), remembered_.begin(), remembered_.end());
    early_.set(sorted_, twice + kLately, bytes_at);
    // Frames remembered, and those between others, are read twice with them: the joint is where those that are read once begin.
    while (twice < outside_.size() && early_.holds(outside_[twice], layout_.frame.size)) ++twice;
    const std::span<const RemoteAddr> all(outside_);
    late_outer_.set(all.subspan(twice), 0, bytes_at);
    late_joint_.set(twice == all.size() ? all.first(0) : all.subspan(twice - kJointFrames, kJointFrames), 0, bytes_at);
}

/// Copies of the frames needed most lie next to what is read between the copies; both times in the same order, so that any
/// two frames that stand as they stood did so at one moment.
void ThreadReader::plan_first(ReadPlan& plan, const FrameBlocks& blocks) {
    first_offsets_.resize(blocks.blocks().size());
    plan_blocks(plan, blocks, false, first_offsets_);
    plan_blocks(plan, blocks, true, first_offsets_);
}

void ThreadReader::plan_second(ReadPlan& plan, CopySource source, const FrameBlocks& blocks, FrameCoverage& coverage) {
    second_offsets_.resize(blocks.blocks().size());
    plan_blocks(plan, blocks, true, second_offsets_);
    plan_blocks(plan, blocks, false, second_offsets_);
    for (std::size_t i = 0; i < second_offsets_.size(); ++i)
        coverage.add_block(blocks.blocks()[i].start, blocks.blocks()[i].size, source, first_offsets_[i],
                           second_offsets_[i]);
}

void ThreadReader::plan_blocks(ReadPlan& plan, const FrameBlocks& blocks, bool needed,
                               std::vector<std::uint32_t>& offsets) {
    for (std::size_t i = 0; i < offsets.size(); ++i)
        if (const FrameBlocks::Block& block = blocks.blocks()[i]; block.needed == needed)
            offsets[i] = plan.add(block.start, block.size);
}

/// Oldest first, so that the frames that lie in the window, too, are copied after all those they are called by.
void ThreadReader::plan_chunks(ReadPlan& plan, CopySource source, FrameCoverage& coverage) const {
    for (auto chunk = chunks_.rbegin(); chunk != chunks_.rend(); ++chunk) {
        const std::uint32_t offset = plan.add(chunk->address, chunk->bytes);
        coverage.add_range(chunk->address, chunk->bytes, source, offset, offset);
    }
}

/// How much of a single frame is read. Before 3.11 some of its slots, too, so that a loop which came round shows in them; the
/// first belongs to every frame object, further ones only as far as the page goes, which may be the last.
std::uint64_t ThreadReader::outside_bytes(RemoteAddr frame) const {
    return chunked() ? layout_.frame.size : bytes_with_slots(frame);
}

std::uint64_t ThreadReader::bytes_with_slots(RemoteAddr frame) const {
    const std::uint64_t slots = layout_.frame.localsplus.value();
    const std::uint64_t page_end =
        (frame.value + slots + sizeof(std::uint64_t) + kPageBytes - 1) / kPageBytes * kPageBytes;
    return std::min(slots + kHeapSlotBytes, page_end - frame.value);
}

bool ThreadReader::is_small_stack() const { return chunks_.size() == 1 && chunks_.front().bytes <= kSmallStack; }

/// The part of a chunk around the innermost frame; empty when that is in none.
ThreadReader::Chunk ThreadReader::window_around(RemoteAddr top) const {
    for (const Chunk& chunk : chunks_) {
        const std::uint64_t begin = chunk.address.value;
        const std::uint64_t end = begin + chunk.bytes;
        if (top.value < begin || top.value >= end) continue;
        if (is_small_stack()) return chunk;
        const RemoteAddr start(std::max(begin, top.value - kWindowBelow));
        return {start, std::min(end, top.value + kWindowAbove) - start.value};
    }
    return {};
}

/// A generator lies elsewhere; what has called it is the last on the data stack.
ThreadReader::Chunk ThreadReader::predict_window() const {
    const Chunk window = window_around(top_);
    if (window.bytes != 0 || stack_end_.is_null()) return window;
    return window_around(RemoteAddr(stack_end_.value - 1));
}

bool ThreadReader::is_whole_stack(const Chunk& window) const {
    return chunks_.size() == 1 && window.address == chunks_.front().address && window.bytes == chunks_.front().bytes;
}

void ThreadReader::plan(ReadPlan& plan) {
    begin_ = plan.bytes();
    begin_segment_ = plan.size();
    plan_sandwich(plan, CopySource::kSweep, sweep_);
    end_ = plan.bytes();
    end_segment_ = plan.size();
    planned_ = true;
    outdated_ = false;
    reusable_ = false;
}

process::RemoteSegment ThreadReader::links() const {
    const std::uint32_t begin = std::min(layout_.thread.next.value(), layout_.thread.interp.value());
    const std::uint32_t end = std::max(layout_.thread.next.value(), layout_.thread.interp.value());
    return {tstate_.value + begin, end - begin + sizeof(std::uint64_t)};
}

bool ThreadReader::take_links(const std::byte* links) {
    const std::uint32_t begin = std::min(layout_.thread.next.value(), layout_.thread.interp.value());
    if (load_pointer(links, Offset(layout_.thread.interp.value() - begin)) != interpreter_) return false;
    next_ = load_pointer(links, Offset(layout_.thread.next.value() - begin));
    return true;
}

void ThreadReader::count_stillness() {
    // A stack that could not be read or proven is tried again while the thread stands still.
    const bool settled = stack_.status == StackStatus::kNoFrame ||
                         (stack_.status == StackStatus::kOk && stack_.unproven == 0 && stack_.root_reached);
    still_sweeps_ = still_ && settled ? std::min(still_sweeps_ + 1, kRestsAfter) : 0;
    still_ = false;
}

bool ThreadReader::rests() const { return still_sweeps_ >= kRestsAfter; }

const RawStack& ThreadReader::fail(StackStatus status) {
    stack_.status = status;
    stack_.frames = {};
    stack_.unproven = 0;
    stack_.elided = 0;
    stack_.root_reached = false;
    return stack_;
}

bool ThreadReader::take_thread_state(const std::byte* bytes, const Sandwich& sandwich) {
    const ThreadLayout& t = layout_.thread;
    const std::byte* tstate = bytes + sandwich.tstate;
    if (load_pointer(tstate, t.interp) != interpreter_) return false;
    next_ = load_pointer(tstate, t.next);
    stack_.ident = load<std::uint64_t>(tstate, t.thread_id);
    stack_.watched = watched_.present() ? load_pointer(bytes, Offset(sandwich.watched)) : RemoteAddr();
    stack_.native_id = t.native_thread_id.present() ? load<std::int64_t>(tstate, t.native_thread_id) : 0;
    return true;
}

/// What a C frame says is the innermost frame. False: it was not read.
bool ThreadReader::current_frame_of(RemoteAddr cframe, const std::byte* bytes, const Sandwich& sandwich,
                                    RemoteAddr& frame) const {
    const RemoteAddr pointer = cframe + layout_.frame.current_in_cframe.value();
    const std::uint64_t skip = pointer.value - sandwich.cframes.address.value;
    if (sandwich.cframes.address.is_null() || skip >= sandwich.cframes.bytes) return false;
    frame = load_pointer(bytes + sandwich.pointer, Offset(static_cast<std::uint32_t>(skip)));
    return true;
}

/// Where the innermost frame is, from the bytes of a sandwich. Null: the thread runs no Python code, or (3.11) its C frame is
/// not the predicted one.
ThreadReader::Top ThreadReader::find_top(const std::byte* bytes, const Sandwich& sandwich) {
    const ThreadLayout& t = layout_.thread;
    const std::byte* tstate = bytes + sandwich.tstate;
    Top top;
    if (layout_.current_frame != CurrentFrame::kCFrame) {
        top.frame = top.frame_before = load_pointer(bytes, Offset(sandwich.pointer));
    } else if (const RemoteAddr cframe = load_pointer(tstate, t.frame); !cframe.is_null()) {
        top.elsewhere = !current_frame_of(cframe, bytes, sandwich, top.frame);
        predict_cframe(cframe + layout_.frame.current_in_cframe.value());
        const RemoteAddr before = load_pointer(bytes, Offset(sandwich.cframe_before));
        top.sure = before == cframe;
        if (top.sure || !current_frame_of(before, bytes, sandwich, top.frame_before)) top.frame_before = top.frame;
    }
    if (chunked()) {
        top.chunk = load_pointer(tstate, t.datastack_chunk);
        top.chunk_top = load_pointer(tstate, t.datastack_top);
        stack_end_ = top.chunk_top;
    }
    return top;
}

/// Whether the stack is where it was planned for. A frame outside of the data stack decides nothing.
bool ThreadReader::covers(const Top& top, const Sandwich& sandwich) const {
    if (!chunked() || top.chunk.is_null() || sandwich.coverage.in_range(top.frame)) return true;
    if (chunks_.empty() || chunks_.front().address != top.chunk) return false;
    return top.frame < top.chunk || top.frame >= top.chunk_top;
}

/// Brings `chunks_` up to date. Older chunks are complete and keep their size, so the known tail of the list is kept.
bool ThreadReader::list_chunks(const Top& top) {
    std::vector<Chunk> fresh;
    RemoteAddr address = top.chunk;
    std::uint64_t total = 0;
    while (!address.is_null() && fresh.size() < kMaxChunks && total < kStackMaxBytes) {
        if (!plausible_object(address)) return false;
        const auto header = memory_.read_value<ChunkHeader>(address);
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

bool ThreadReader::read_plan() {
    if (second_bytes_.size() < second_plan_.bytes()) second_bytes_.resize(second_plan_.bytes());
    const std::span<std::byte> out(second_bytes_.data(), second_plan_.bytes());
    const std::size_t received = timed_.read(second_plan_.segments(), out);
    known_calls_.set_learning(!timed_.held_up());
    return received == out.size();
}

/// Reads the thread by a call of its own, as it is planned now. False: something planned is not there any more.
bool ThreadReader::read_second() {
    second_plan_.clear();
    plan_sandwich(second_plan_, CopySource::kSecondCall, second_);
    if (!read_plan()) return false;
    second_.coverage.set_buffer(CopySource::kSecondCall, second_bytes_.data());
    return true;
}

/// One attempt to make a stack of a sandwich's bytes.
ThreadReader::Attempt ThreadReader::walk_from(const Top& top, Sandwich& sandwich, const LateBytes& late) {
    if (top.elsewhere || !covers(top, sandwich)) {
        outdated_ = true;
        if (!top.frame.is_null()) top_ = top.frame;
        (void)list_chunks(top);  // on failure the next attempt finds nothing better, and says so
        return Attempt::kElsewhere;
    }
    chain_.walk(sandwich.coverage, memory_, {top.frame_before, top.frame, top.sure}, late);
    note_met();
    learn(top.frame, sandwich);
    return chain_.all_covered() && !chain_.nothing_found() ? Attempt::kWhole : Attempt::kPartly;
}

const RawStack& ThreadReader::decode(const std::byte* sweep, const std::byte* before) {
    if (before != nullptr && reusable_ && std::memcmp(sweep + begin_, before + begin_, end_ - begin_) == 0) {
        return stack_;
    }
    ++stack_.serial;
    stack_.mispredicted = false;
    reusable_ = false;
    if (!take_thread_state(sweep, sweep_)) return fail(StackStatus::kStale);
    const Top top = find_top(sweep, sweep_);
    if (top.frame.is_null() && !top.elsewhere) {
        reusable_ = true;
        return fail(StackStatus::kNoFrame);
    }
    sweep_.coverage.set_buffer(CopySource::kSweep, sweep);
    LateBytes late{.of_sweep = true};
    if (before != nullptr && !last_look())
        late = {sweep + sweep_.late_begin, before + sweep_.late_begin, sweep + sweep_.late_end, true};
    if (walk_from(top, sweep_, late) != Attempt::kWhole) return read_again();
    chain_.store(stack_);
    reusable_ = !outdated_ && chain_.whole();  // one that is not may be claimed when it is seen again
    return stack_;
}

/// The stack is not where it was predicted. It is read anew, as a sample of a moment later: a stack put together from two
/// moments would be none. What was learned on the way says where to look.
const RawStack& ThreadReader::read_again() {
    stack_.mispredicted = true;
    outdated_ = true;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (!read_second()) {
            // Something remembered is gone together with its memory.
            outside_.clear();
            remembered_.clear();
            chunks_.clear();
            cframes_ = {};
            top_ = RemoteAddr();
            if (!read_second()) return fail(StackStatus::kStale);
        }
        if (!take_thread_state(second_bytes_.data(), second_)) return fail(StackStatus::kStale);
        const Top top = find_top(second_bytes_.data(), second_);
        if (top.frame.is_null() && !top.elsewhere) return fail(StackStatus::kNoFrame);
        const Attempt result = walk_from(top, second_, {});
        const bool last = attempt + 1 == kAttempts;
        if (result == Attempt::kElsewhere || (result == Attempt::kPartly && !last)) continue;
        chain_.store(stack_);
        return stack_;
    }
    chunks_.clear();
    outside_.clear();
    remembered_.clear();
    return fail(StackStatus::kUnreadable);
}

const RawStack& ThreadReader::read_alone() {
    ++stack_.serial;
    reusable_ = false;
    return read_again();
}

}  // namespace lampyr::cpython
