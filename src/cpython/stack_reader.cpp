// SPDX-License-Identifier: MIT
#include "cpython/stack_reader.hpp"

#include "cpython/parted_read.hpp"

#include <algorithm>

namespace lampyr::cpython {

namespace {

constexpr std::size_t kMaxInterpreters = 1024;
constexpr std::size_t kMaxThreads = 1U << 17;

/// Reads for learning calls: so many after a doubtful stack at least; a credit of so many a sweep, and so many back for each that
/// taught something; what may be saved of it is `kMostStudyCredit`.
constexpr int kStudies = 4;
constexpr double kStudyCredit = 0.25;
constexpr double kStudyReward = 2;
/// Where there is time, more: up to so many a sweep, as take a tenth of the time until the next at most, and of credit a hundredth.
constexpr double kMostStudies = 64;
constexpr std::chrono::microseconds kStudyTime{2};
constexpr double kStudyPart = 0.1;
constexpr double kCreditPart = 0.01;
/// A plan that leaves out threads at rest is made after so many sweeps at the soonest.
constexpr std::uint64_t kReplanEvery = 16;

struct Range {
    std::uint32_t start;
    std::uint32_t size;
};

/// The smallest range that holds both pointers.
Range range_of(Offset a, Offset b) {
    const std::uint32_t start = std::min(a.value(), b.value());
    return {start, std::max(a.value(), b.value()) + 8 - start};
}

/// struct _gil_runtime_state: two words of state, two conditions and two mutexes (Include/internal/pycore_gil.h).
constexpr std::uint64_t kGilBytes = 256;

std::uint32_t gil_bytes(const GilLayout& gil) { return std::max(gil.locked.value() + 4, gil.last_holder.value() + 8); }

bool plausible(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

StackReader::StackReader(const process::RemoteMemory& memory, const Layout& layout, RuntimeAnchor anchor)
    : memory_(memory), layout_(layout), anchor_(anchor), timed_(memory) {
    set_pause({});
}

RemoteAddr StackReader::head_address() const {
    const Offset head = layout_.runtime.interpreters_head;
    return head.present() ? anchor_.runtime + head.value() : anchor_.runtime;
}

RemoteAddr StackReader::current_thread_address() const {
    switch (layout_.gil_rule) {
        case GilRule::kCurrentThreadSymbol: return anchor_.current_thread;
        case GilRule::kRuntimeCurrent: return anchor_.runtime + layout_.runtime.tstate_current.value();
        case GilRule::kInterpreterGil: break;
    }
    return {};
}

std::vector<RemoteAddr> StackReader::interpreters() const {
    std::vector<RemoteAddr> addresses;
    addresses.reserve(interpreters_.size());
    for (const Interpreter& interpreter : interpreters_) addresses.push_back(interpreter.address);
    return addresses;
}

void StackReader::plan_head() {
    head_offset_ = plan_.add_near(head_address(), 8);
    if (const RemoteAddr current = current_thread_address(); !current.is_null())
        current_thread_offset_ = plan_.add_near(current, 8);
    const InterpreterLayout& layout = layout_.interpreter;
    const Range links = range_of(layout.next, layout.threads_head);
    for (Interpreter& interpreter : interpreters_) {
        interpreter.links_offset = plan_.add_near(interpreter.address + links.start, links.size);
        if (!interpreter.gil.is_null())
            interpreter.gil_offset = plan_.add_near(interpreter.gil, gil_bytes(layout_.gil));
    }
    head_bytes_ = plan_.bytes();
    head_segments_ = plan_.size();
}

/// Behind the stacks: what had not been freed by then was there when they were read.
void StackReader::plan_generations() {
    const Offset generation = layout_.interpreter.code_object_generation;
    generation_segments_ = plan_.size();
    if (!generation.present()) return;
    for (Interpreter& interpreter : interpreters_)
        interpreter.generation_offset = plan_.add(interpreter.address + generation.value(), 8);
}

void StackReader::build_plan() {
    plan_.clear();
    plan_head();
    for (const auto& reader : readers_) {
        if (reader->rests())
            reader->skip_plan();
        else
            reader->plan(plan_);
    }
    plan_generations();
    planned_at_ = sweeps_;
    for (auto& buffer : buffers_)
        if (buffer.size() < plan_.bytes()) buffer.resize(plan_.bytes());
    replan_ = false;
    comparable_ = false;
}

StackReader::Links StackReader::links(const std::byte* sweep, const Interpreter& interpreter) const {
    const InterpreterLayout& layout = layout_.interpreter;
    const std::uint32_t start = range_of(layout.next, layout.threads_head).start;
    const std::byte* bytes = sweep + interpreter.links_offset;
    return {load_pointer(bytes, Offset(layout.next.value() - start)),
            load_pointer(bytes, Offset(layout.threads_head.value() - start))};
}

RemoteAddr StackReader::holder(const std::byte* sweep, const Interpreter& interpreter) const {
    if (!current_thread_address().is_null()) return load_pointer(sweep, Offset(current_thread_offset_));
    if (interpreter.gil.is_null()) return {};
    const std::byte* gil = sweep + interpreter.gil_offset;
    if (layout_.gil.enabled.present() && load<std::int32_t>(gil, layout_.gil.enabled) == 0) return {};
    return load<std::int32_t>(gil, layout_.gil.locked) == 1 ? load_pointer(gil, layout_.gil.last_holder) : RemoteAddr();
}

/// What never changes in an interpreter's life: its id and where its GIL is.
bool StackReader::describe(Interpreter& interpreter) {
    const InterpreterLayout& layout = layout_.interpreter;
    if (layout.id.present()) {
        const auto id = memory_.read_value<std::uint64_t>(interpreter.address + layout.id.value());
        if (!id) return false;
        interpreter.id = *id;
    }
    if (layout_.gil_rule == GilRule::kInterpreterGil) {
        const auto gil = memory_.read_pointer(interpreter.address + layout.ceval_gil.value());
        if (!gil) return false;
        if (plausible(*gil)) interpreter.gil = *gil;
    }
    return true;
}

bool StackReader::discover() {
    std::vector<Interpreter> found;
    RemoteAddr address = memory_.read_pointer(head_address()).value_or(RemoteAddr());
    while (!address.is_null() && found.size() < kMaxInterpreters) {
        if (!plausible(address)) return false;
        Interpreter interpreter;
        interpreter.address = address;
        const auto next = memory_.read_pointer(address + layout_.interpreter.next.value());
        if (!next || !describe(interpreter)) return false;
        // An interpreter seen before keeps its threads' predictions.
        const auto known = std::find_if(interpreters_.begin(), interpreters_.end(),
                                        [&](const Interpreter& old) { return old.address == address; });
        if (known != interpreters_.end()) interpreter = *known;
        const bool seen =
            std::any_of(found.begin(), found.end(), [&](const Interpreter& other) { return other.address == address; });
        if (seen) break;  // a cycle: the list was changed while it was read
        found.push_back(interpreter);
        address = *next;
    }
    // Readers are kept in interpreter order.
    std::vector<std::unique_ptr<ThreadReader>> readers;
    for (Interpreter& interpreter : found) {
        const std::size_t first = readers.size();
        for (auto& reader : readers_)
            if (reader && reader->interpreter() == interpreter.address) readers.push_back(std::move(reader));
        interpreter.first_reader = first;
        interpreter.reader_count = readers.size() - first;
    }
    readers_ = std::move(readers);
    interpreters_ = std::move(found);
    replan_ = true;
    ++list_version_;
    return !interpreters_.empty();
}

bool StackReader::same_interpreters(const std::byte* sweep) const {
    RemoteAddr expected = load_pointer(sweep, Offset(head_offset_));
    for (const Interpreter& interpreter : interpreters_) {
        if (interpreter.address != expected) return false;
        expected = links(sweep, interpreter).next;
    }
    return expected.is_null();
}

/// Reads of each thread state where it stands in its list. False: one of them is none any more, or they are not linked as
/// they were.
bool StackReader::read_links(std::span<const std::unique_ptr<ThreadReader>> readers) {
    links_plan_.clear();
    for (const auto& reader : readers) {
        const process::RemoteSegment links = reader->links();
        links_plan_.add(RemoteAddr(links.address), links.size);
    }
    if (links_bytes_.size() < links_plan_.bytes()) links_bytes_.resize(links_plan_.bytes());
    const std::span<std::byte> out(links_bytes_.data(), links_plan_.bytes());
    const std::size_t received = memory_.read_segments(links_plan_.segments(), out);
    bool as_before = received == out.size();
    std::size_t at = 0;
    for (std::size_t i = 0; i < readers.size(); ++i) {
        const std::size_t size = links_plan_.segments()[i].size;
        if (at + size > received) break;
        const RemoteAddr next = readers[i]->next();
        as_before = readers[i]->take_links(out.data() + at) && readers[i]->next() == next && as_before;
        at += size;
    }
    return as_before;
}

void StackReader::watch(Offset word) {
    watched_ = word;
    for (const auto& reader : readers_) reader->watch(word);
    replan_ = true;
}

void StackReader::check_list() {
    const bool some_rest =
        std::any_of(readers_.begin(), readers_.end(), [](const auto& reader) { return !reader->planned(); });
    if (some_rest && !read_links(readers_)) check_list_ = true;
}

/// The list is not as it was: threads came or went. Follows it from its head, keeping the readers of known threads.
void StackReader::follow_list(Interpreter& interpreter, RemoteAddr first) {
    std::vector<std::unique_ptr<ThreadReader>> old;
    const auto begin = readers_.begin() + static_cast<std::ptrdiff_t>(interpreter.first_reader);
    const auto end = begin + static_cast<std::ptrdiff_t>(interpreter.reader_count);
    std::move(begin, end, std::back_inserter(old));
    readers_.erase(begin, end);

    static_cast<void>(read_links(old));
    std::vector<std::unique_ptr<ThreadReader>> fresh;
    std::size_t expected = 0;  // lists mostly keep their order
    RemoteAddr address = first;
    RemoteAddr checkpoint;
    while (!address.is_null() && fresh.size() < kMaxThreads) {
        if (!plausible(address)) {
            list_broken_ = true;
            break;
        }
        const auto is_at = [&](const std::unique_ptr<ThreadReader>& reader) {
            return reader && reader->tstate() == address;
        };
        auto known = std::find_if(old.begin() + static_cast<std::ptrdiff_t>(expected), old.end(), is_at);
        if (known == old.end()) known = std::find_if(old.begin(), old.end(), is_at);
        std::unique_ptr<ThreadReader> reader;
        if (known != old.end()) {
            expected = static_cast<std::size_t>(known - old.begin()) + 1;
            reader = std::move(*known);
        } else {
            reader =
                std::make_unique<ThreadReader>(memory_, timed_, layout_, known_calls_, address, interpreter.address);
            reader->stack().interpreter_id = interpreter.id;
            if (watched_.present()) reader->watch(watched_);
            // A new reader may follow an old one of the same address; its serials must not repeat.
            reader->stack().serial = (list_version_ + 1) << 32;
        }
        const bool read = known != old.end() && reader->stack().status != StackStatus::kStale;
        if (address == checkpoint || (!read && reader->read_alone().status == StackStatus::kStale)) {
            list_broken_ = true;  // the list was changed while it was followed
            break;
        }
        if ((fresh.size() & (fresh.size() - 1)) == 0) checkpoint = address;  // Brent's cycle check
        address = reader->next();
        fresh.push_back(std::move(reader));
    }
    const auto at = readers_.begin() + static_cast<std::ptrdiff_t>(interpreter.first_reader);
    const std::size_t before = interpreter.reader_count;
    interpreter.reader_count = fresh.size();
    readers_.insert(at, std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    for (Interpreter* other = &interpreter + 1; other <= &interpreters_.back(); ++other)
        other->first_reader = other->first_reader - before + interpreter.reader_count;
    replan_ = true;
    ++list_version_;
}

/// One thread's part of the sweep. False: it is no thread state of the interpreter (any more).
bool StackReader::decode_thread(ThreadReader& reader, std::size_t& received, const std::byte* sweep,
                                const std::byte* before) {
    if (!reader.planned()) {
        if (reader.still()) return true;
        reader.read_alone();
    } else if (reader.end_offset() <= received) {
        reader.decode(sweep, before);
    } else {
        // The read broke off inside this thread (a stack chunk was given back). It is read by itself, and the threads behind
        // it by the rest of the plan.
        reader.read_alone();
        received = reader.end_offset();
        const auto rest = plan_.segments().subspan(reader.end_segment());
        std::byte* buffer = buffers_[current_].data();
        received += memory_.read_segments(rest, std::span(buffer, plan_.bytes()).subspan(received));
    }
    replan_ = replan_ || reader.plan_outdated();
    return reader.stack().status != StackStatus::kStale;
}

void StackReader::decode_threads(std::size_t received, const std::byte* sweep, const std::byte* before) {
    for (Interpreter& interpreter : interpreters_) {
        const RemoteAddr first = links(sweep, interpreter).threads_head;
        RemoteAddr expected = first;
        bool changed = check_list_;
        for (std::size_t i = 0; i < interpreter.reader_count; ++i) {
            ThreadReader& reader = *readers_[interpreter.first_reader + i];
            changed = !decode_thread(reader, received, sweep, before) || reader.tstate() != expected || changed;
            expected = reader.next();
        }
        if (changed || !expected.is_null()) follow_list(interpreter, first);
    }
    check_list_ = false;
}

/// Threads that have come to rest are left out of the next plan.
void StackReader::settle_rest() {
    bool some_came_to_rest = false;
    for (const auto& reader : readers_) {
        reader->count_stillness();
        some_came_to_rest = some_came_to_rest || (reader->planned() && reader->rests());
    }
    if (some_came_to_rest && sweeps_ - planned_at_ >= kReplanEvery) replan_ = true;
}

bool StackReader::is_part_of_gil(RemoteAddr address) const {
    const auto within = [address](RemoteAddr start, std::uint64_t size) {
        return !start.is_null() && address >= start && address < start + size;
    };
    switch (layout_.gil_rule) {
        case GilRule::kCurrentThreadSymbol: return false;  // variables of their own
        case GilRule::kRuntimeCurrent:                     // struct pyruntimestate: ceval with the GIL, then gilstate
            return within(anchor_.runtime, layout_.runtime.tstate_current.value());
        case GilRule::kInterpreterGil: break;
    }
    return std::any_of(interpreters_.begin(), interpreters_.end(),
                       [&](const Interpreter& interpreter) { return within(interpreter.gil, kGilBytes); });
}

void StackReader::mark_gil(const std::byte* sweep) {
    for (const Interpreter& interpreter : interpreters_) {
        const RemoteAddr thread = holder(sweep, interpreter);
        for (std::size_t i = 0; i < interpreter.reader_count; ++i) {
            RawStack& stack = readers_[interpreter.first_reader + i]->stack();
            stack.holds_gil = !thread.is_null() && stack.tstate == thread;
        }
    }
}

void StackReader::set_pause(std::chrono::nanoseconds pause) {
    const double studies = std::chrono::duration<double>(pause) / std::chrono::duration<double>(kStudyTime);
    more_studies_ = static_cast<int>(std::clamp(studies * kStudyPart, 0.0, kMostStudies));
    study_credit_ = std::clamp(studies * kCreditPart, kStudyCredit, kMostStudies);
}

/// A stack that could not be claimed whole has calls that nobody has proven yet. They are looked for right away, while the
/// program is likely to make them again; how often is bounded, and more where it helps.
void StackReader::study() {
    credit_ = std::min(credit_ + study_credit_, kMostStudyCredit);
    int left = more_studies_;
    for (const auto& reader : readers_) {
        const RawStack& stack = reader->stack();
        if (stack.status != StackStatus::kOk || (stack.unproven == 0 && stack.root_reached)) continue;
        if (reader->still()) continue;  // it shows the moment again that was looked at before
        left -= study(*reader, left);
    }
}

/// Looks `kStudies` times and, for a call that is known to be in doubt, up to `more` times beyond. Returns how many of these it took.
int StackReader::study(ThreadReader& reader, int more) {
    int studies = 0;
    for (; credit_ >= 1 && studies < kStudies + more; ++studies) {
        if (studies >= kStudies && !reader.knows_what_to_study()) break;
        const std::uint64_t known = known_calls_.version();
        credit_ -= 1;
        reader.study();
        if (known_calls_.version() != known) credit_ += kStudyReward;
    }
    return std::max(0, studies - kStudies);
}

bool StackReader::recognise(std::span<RawFrame> frames, std::uint64_t apart) const {
    for (std::size_t i = frames.size() - 1; i > 0; --i)
        if (!known_calls_.recognise(frames[i], frames[i - 1], i <= 64 && (apart >> (i - 1) & 1U) != 0)) return false;
    return true;
}

void StackReader::foresee(std::size_t thread, std::vector<process::RemoteSegment>& ranges) {
    if (replan_) build_plan();
    const ThreadReader& reader = *readers_[thread];
    if (!reader.planned()) return;
    const auto segments = plan_.segments();
    ranges.insert(ranges.end(), segments.begin() + static_cast<std::ptrdiff_t>(reader.begin_segment()),
                  segments.begin() + static_cast<std::ptrdiff_t>(reader.end_segment()));
}

void StackReader::foresee_interpreters(std::vector<process::RemoteSegment>& ranges) {
    if (replan_) build_plan();
    const auto head = plan_.segments().first(head_segments_);
    const auto generations = plan_.segments().subspan(generation_segments_);
    ranges.insert(ranges.end(), head.begin(), head.end());
    ranges.insert(ranges.end(), generations.begin(), generations.end());
}

/// Bytes received, as of RemoteMemory::read_segments.
std::size_t StackReader::read_plan(Copies copies, std::span<std::byte> out) {
    const auto held = std::find_if(copies.begin(), copies.end(), [](const auto* copy) { return copy != nullptr; });
    if (held == copies.end()) return timed_.read(plan_.segments(), out);
    PartedRead read(plan_.segments(), timed_, out);
    read.take(head_segments_, *held);
    for (std::size_t i = 0; i < readers_.size(); ++i)
        if (readers_[i]->planned()) read.take(readers_[i]->end_segment(), copies[i]);
    read.take(plan_.size(), *held);
    return read.finish();
}

StackReader::Outcome StackReader::sweep() { return sweep_once({}); }

StackReader::Outcome StackReader::sweep_copies(Copies copies) {
    return sweep_once(copies.size() == readers_.size() ? copies : Copies());
}

StackReader::Outcome StackReader::sweep_once(Copies copies) {
    list_broken_ = false;
    ++sweeps_;
    if (interpreters_.empty() && !discover()) {
        stacks_.clear();
        ++list_version_;
        return memory_.read_pointer(head_address()) ? Outcome::kNoInterpreter : Outcome::kUnreadable;
    }
    if (replan_) build_plan();
    current_ ^= 1;
    std::byte* sweep = buffers_[current_].data();
    std::size_t received = read_plan(copies, std::span(sweep, plan_.bytes()));
    if (received < head_bytes_ || !same_interpreters(sweep)) {
        // Interpreters came or went, or the process did.
        if (!discover()) {
            interpreters_.clear();
            readers_.clear();
            stacks_.clear();
            ++list_version_;
            return memory_.read_pointer(head_address()) ? Outcome::kNoInterpreter : Outcome::kUnreadable;
        }
        build_plan();
        sweep = buffers_[current_].data();
        received = timed_.read(plan_.segments(), std::span(sweep, plan_.bytes()));
        if (received < head_bytes_) return Outcome::kUnreadable;
    }
    known_calls_.set_learning(!timed_.held_up());
    decode_threads(received, sweep, comparable_ ? buffers_[current_ ^ 1].data() : nullptr);
    comparable_ = received == plan_.bytes();
    mark_gil(sweep);
    study();
    code_generation_ = 0;
    if (layout_.interpreter.code_object_generation.present() && received == plan_.bytes())
        for (const Interpreter& interpreter : interpreters_)
            code_generation_ += load<std::uint64_t>(sweep, Offset(interpreter.generation_offset));
    settle_rest();
    if (stacks_version_ != list_version_) {
        stacks_.clear();
        for (const auto& reader : readers_) stacks_.push_back(&reader->stack());
        stacks_version_ = list_version_;
    }
    return Outcome::kOk;
}

}  // namespace lampyr::cpython
