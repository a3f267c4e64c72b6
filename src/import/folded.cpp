// SPDX-License-Identifier: MIT
#include "import/folded.hpp"

#include "base/escape.hpp"
#include "import/draft.hpp"
#include "import/frame_label.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>

namespace lampyr::importer {

namespace {

constexpr std::size_t kMaxDepth = 1U << 17;

Error bad_line(std::size_t number, std::string_view why) {
    return Error{ErrorCode::kCorrupt, fmt::format("line {} {}", number, why), "", 0};
}

class FoldedReader {
  public:
    FoldedReader(std::string_view text, const ReadLimits& limits) : rest_(text), draft_(limits) {}
    [[nodiscard]] Result<ReadProfile> read();

  private:
    [[nodiscard]] bool next_line(std::string_view& line);
    [[nodiscard]] Result<void> read_comment(std::string_view line);
    [[nodiscard]] Result<void> read_stack(std::string_view line);
    [[nodiscard]] bool read_metric(std::string_view metric, Sample& sample);
    [[nodiscard]] std::string_view next_frame(std::string_view& frames);
    [[nodiscard]] FrameId frame(std::string_view label);
    void read_root(std::string_view& frames, Sample& sample);

    std::string_view rest_;
    std::size_t number_ = 0;
    Draft draft_;
    bool austin_ = false;
    bool colons_ = false;  // frames are `file:name:line`
    std::string unescaped_;
    std::string command_line_;
};

bool FoldedReader::next_line(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return true;
}

/// Austin tells its mode in a comment; bytes of memory are no time.
Result<void> FoldedReader::read_comment(std::string_view line) {
    if (line.find("mode: memory") != std::string_view::npos)
        return bad_line(number_, "says that this is a memory profile, which lampyr does not read");
    return {};
}

/// A frame without its escapes; text with other backslashes is not lampyr's and stays as it is.
std::string_view FoldedReader::next_frame(std::string_view& frames) {
    const std::size_t end = frames.find(';');
    const std::string_view frame = frames.substr(0, end);
    frames.remove_prefix(end == std::string_view::npos ? frames.size() : end + 1);
    if (frame.find('\\') == std::string_view::npos) return frame;
    const auto plain = base::folded_unescape(frame);
    if (!plain) return frame;
    unescaped_ = *plain;
    return unescaped_;
}

FrameId FoldedReader::frame(std::string_view label) {
    if (colons_) {
        if (label == ":INVALID:") return draft_.frame_of("(unreadable frame)", "", 0);
        if (label == ":GC:") return draft_.frame_of("(garbage collection)", "", 0);
        if (const auto parts = split_colons(label)) return draft_.frame_of(parts->name, parts->file, parts->line);
    }
    return draft_.frame_of_label(label);
}

/// The processes (of several the innermost counts: the others started it) and the thread at the root of a stack.
void FoldedReader::read_root(std::string_view& frames, Sample& sample) {
    ProcessLabel process;
    ThreadLabel thread;
    std::string name;
    colons_ = false;
    command_line_.clear();
    while (!frames.empty()) {
        std::string_view rest = frames;
        const std::string_view label = next_frame(rest);
        if (const auto found = split_process(label)) {
            if (label.starts_with('P')) {
                // A function may be called P1 or T1; Austin's line has both, one after the other.
                std::string_view after = rest;
                const std::string_view second = next_frame(after);
                if (!second.starts_with('T') || !split_thread(second)) break;
                austin_ = colons_ = true;
            }
            process = *found;
            command_line_ = found->command_line;  // the view may be into the buffer of escapes
            frames = rest;
            continue;
        }
        const auto found = label.starts_with('T') && !austin_ ? std::nullopt : split_thread(label);
        if (!found) break;
        if (label.starts_with("tid:")) colons_ = true;
        thread = *found;
        name = found->name;
        frames = rest;
        break;
    }
    sample.thread = draft_.thread(draft_.process(process.pid, command_line_), thread.tid, thread.ident, name);
}

bool FoldedReader::read_metric(std::string_view metric, Sample& sample) {
    if (austin_) {  // full metrics: time, whether idle, memory
        const std::size_t comma = metric.find(',');
        if (comma != std::string_view::npos && metric.substr(comma + 1).starts_with('1'))
            sample.state = ThreadState::kIdle;
        metric = metric.substr(0, comma);
    }
    const auto count = whole_number<std::uint64_t>(metric);
    if (!count) return false;
    sample.count = *count;
    constexpr std::uint64_t kMicrosecond = 1000;
    if (austin_ && *count <= std::numeric_limits<std::int64_t>::max() / kMicrosecond)
        sample.weight = std::chrono::nanoseconds(static_cast<std::int64_t>(*count * kMicrosecond));
    return true;
}

Result<void> FoldedReader::read_stack(std::string_view line) {
    const std::size_t blank = line.rfind(' ');
    if (blank == std::string_view::npos) return bad_line(number_, "has no number at its end");
    std::string_view frames = line.substr(0, blank);
    Sample sample;
    read_root(frames, sample);
    if (!read_metric(line.substr(blank + 1), sample)) return bad_line(number_, "has no whole number at its end");
    sample.stack = kEmptyStack;
    std::size_t depth = 0;
    // What is empty has no frame; an empty name among frames is lampyr's `\e`, so is it here.
    while (!frames.empty()) {
        if (++depth > kMaxDepth) return bad_line(number_, "has too many frames");
        sample.stack = draft_.stack(sample.stack, frame(next_frame(frames)));
    }
    if (sample.count == 0) return {};
    return draft_.add_sample(sample) ? Result<void>{} : sums_too_large();
}

Result<ReadProfile> FoldedReader::read() {
    std::string_view line;
    while (next_line(line)) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        const Result<void> done = line.starts_with('#') ? read_comment(line) : read_stack(line);
        if (!done) return done.error();
        if (draft_.full()) return too_large();
    }
    ReadProfile read;
    read.format = austin_ ? SourceFormat::kAustin : SourceFormat::kRaw;
    if (austin_) read.notes.emplace_back("Austin's numbers are time: one sample here is a microsecond");
    read.profile = std::move(draft_).finish(false);
    return read;
}

}  // namespace

Result<ReadProfile> read_folded(std::string_view text, const ReadLimits& limits) {
    return FoldedReader(text, limits).read();
}

}  // namespace lampyr::importer
