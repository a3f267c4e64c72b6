// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "default_name.hpp"
#include "exit_codes.hpp"
#include "figures.hpp"
#include "output_file.hpp"
#include "signals.hpp"
#include "subjects.hpp"
#include "terminal.hpp"
#include "top/curses_screen.hpp"
#include "top/live_sink.hpp"
#include "top/program_output.hpp"
#include "top/sampling_thread.hpp"
#include "top/stream.hpp"
#include "top/view.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <memory>

namespace lampyr::tool {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kFirstTable{300};
/// The longest time for which a key, the end of the program or a signal that came just before a wait is not seen.
constexpr milliseconds kLongestWait{100};

std::string describe(const Subjects& subjects) {
    if (subjects.size() != 1) return fmt::format("{} processes", subjects.size());
    if (!subjects.follow.empty())
        return fmt::format("process {} and what it starts: {}", subjects.first.value, subjects.command_line);
    const Target& target = subjects.targets.front();
    return fmt::format("process {} (Python {}): {}", target.pid().value, target.python_version(),
                       target.command_line());
}

std::string_view end_text(StopReason reason) {
    switch (reason) {
        case StopReason::kDuration: return "the time is over";
        case StopReason::kRequested: return "stopped";
        case StopReason::kTargetExited: return "the program has ended";
        case StopReason::kTargetLost: return "the program can no longer be read";
        case StopReason::kOutputFailed: return "failed";
    }
    return "";
}

/// One run of `lampyr top`: this thread shows, another one samples.
class TopRun {
  public:
    TopRun(const TopArgs& args, const Messages& messages) : args_(args), messages_(messages) {
        view_.delay = args.delay;
        view_.filter = args.filter;
        view_.request.rows = args.by;
        view_.lines = args.by == RowKind::kLine;
        view_.request.full_filenames = args.full_filenames;
        facts_.rate_asked_hz = args.sampling.rate_hz;
        facts_.idle_included = args.sampling.include_idle;
        facts_.gil_only = args.sampling.gil_only;
    }

    int run();

  private:
    [[nodiscard]] bool on_screen() const { return !args_.stream; }
    int failed(const Error& error) const;
    [[nodiscard]] Result<void> begin();
    void show_screen();
    void show_stream();
    void next_table();
    void arrange();
    void note_end();
    void press_key(Key key);
    void pause();
    void write_profile_so_far();
    [[nodiscard]] bool leaving() const { return quit_ || signals_.stop(); }
    int end();

    const TopArgs& args_;
    const Messages& messages_;
    StopSignals signals_;
    ProgramOutput program_output_;
    std::unique_ptr<CursesScreen> screen_;
    Subjects subjects_;
    LiveSink sink_;
    std::unique_ptr<SamplingThread> sampling_;

    View view_;
    Rates rates_;
    TopFacts facts_;
    std::optional<LiveProfile> frozen_;  // while paused
    Table table_;
    bool quit_ = false;
};

int TopRun::failed(const Error& error) const {
    messages_.error(error);
    return error.child_status >= 0 ? error.child_status : exit_code(error.code, args_.spawns());
}

Result<void> TopRun::begin() {
    if (on_screen()) {
        auto screen = CursesScreen::open(use_colour(args_.colour, STDOUT_FILENO));
        if (!screen) return screen.error();
        screen_ = std::move(*screen);
        facts_.starting = true;
        screen_->draw(make_screen(facts_, table_, view_, screen_->size()));
    }
    ProgramStreams streams;
    if (args_.spawns() && on_screen()) {
        auto kept = program_output_.keep();
        if (!kept) return kept.error();
        streams = *kept;
    } else if (args_.spawns()) {
        streams.out = STDERR_FILENO;  // our standard output is for tables
    }
    Result<Subjects> subjects = open_subjects(args_, signals_, streams);
    if (!subjects) return subjects.error();
    subjects_ = std::move(*subjects);
    facts_.who = describe(subjects_);
    SamplerOptions options = args_.sampling;
    options.follow = subjects_.follow;
    options.usage = true;
    options.hand_on_every = options.progress_every =
        std::clamp<std::chrono::nanoseconds>(args_.delay / 5, milliseconds(20), milliseconds(250));
    if (args_.once && !options.duration) options.duration = args_.delay;
    auto sampling = SamplingThread::start(subjects_.targets, options, sink_);
    if (!sampling) return sampling.error();
    sampling_ = std::move(*sampling);
    return {};
}

/// The figures and the table of the time since the last call.
void TopRun::next_table() {
    if (!view_.paused) {
        sink_.look([this](LiveProfile& live, const SamplerProgress& progress) {
            live.end_window();
            rates_.look(progress, facts_);
        });
    }
    arrange();
}

/// The table as it is wanted now, of the times as they are.
void TopRun::arrange() {
    const auto make = [this](const LiveProfile& live) {
        table_ = make_table(live, view_.request);
        facts_.window = live.window();
        facts_.since = live.since_reset();
    };
    if (frozen_)
        make(*frozen_);
    else
        sink_.look([&make](LiveProfile& live, const SamplerProgress&) { make(live); });
    view_.filter_error = filter_rows(table_.rows, view_.filter).value_or("");
    sort_rows(table_.rows, view_.sort);
}

void TopRun::note_end() {
    if (!facts_.ended.empty() || !sampling_->done()) return;
    next_table();
    const auto& result = sampling_->result();
    if (!result)
        quit_ = true;
    else
        facts_.ended = fmt::format("{}; q leaves", end_text(result->reason));
}

void TopRun::pause() {
    view_.paused = !view_.paused;
    if (view_.paused)
        sink_.look([this](LiveProfile& live, const SamplerProgress&) { frozen_ = live; });
    else
        frozen_.reset();
}

/// All of it, whatever the screen shows. Sampling goes on.
void TopRun::write_profile_so_far() {
    const Format format =
        args_.output.empty() ? Format::kFlamegraph : format_of_file(args_.output).value_or(Format::kFlamegraph);
    const std::string name = !args_.output.empty() ? args_.output
                                                   : default_file_name(subjects_.command_line, subjects_.first,
                                                                       std::time(nullptr), extension_of(format));
    Profile profile;
    sink_.look([&profile](LiveProfile& live, const SamplerProgress&) { profile = live.profile(); });
    ExportOptions options;
    options.processes = profile.processes.size() > 1;
    options.full_filenames = args_.full_filenames;
    Result<OutputFile> file = OutputFile::open(name, is_binary(format));
    const auto say = [this](const Error& error) { view_.message = to_string(error); };
    if (!file) return say(file.error());
    const Result<void> exported = write_profile(profile, format, options, *file);
    if (!exported && exported.error().code != ErrorCode::kOutput) return say(exported.error());
    const Result<std::uint64_t> bytes = file->commit();
    if (!bytes) return say(bytes.error());
    view_.message = fmt::format("wrote {}: {}, {}", name, plural(profile.info.stacks, "sample"), format_bytes(*bytes));
}

void TopRun::press_key(Key key) {
    switch (press(view_, key, table_.rows, table_lines(screen_->size()))) {
        case Action::kNone: break;
        case Action::kQuit: quit_ = true; break;
        case Action::kPause: pause(); break;
        case Action::kReset:
            sink_.look([](LiveProfile& live, const SamplerProgress&) { live.reset(); });
            if (frozen_) frozen_->reset();
            break;
        case Action::kWrite: write_profile_so_far(); break;
    }
    arrange();
}

void TopRun::show_screen() {
    auto next = Clock::now() + std::min(kFirstTable, view_.delay);
    while (!leaving() && !screen_->hung_up()) {
        const auto now = Clock::now();
        if (now >= next) {
            if (facts_.ended.empty()) next_table();
            next = now + view_.delay;
        }
        note_end();
        const ScreenSize size = screen_->size();
        settle(view_, table_, table_lines(size));
        screen_->draw(make_screen(facts_, table_, view_, size));
        const auto left = std::chrono::duration_cast<milliseconds>(next - Clock::now());
        std::optional<Key> key = screen_->wait_key(std::clamp(left, milliseconds(0), kLongestWait));
        while (key && !quit_) {  // what was typed meanwhile comes before the next drawing
            press_key(*key);
            settle(view_, table_, table_lines(screen_->size()));
            key = screen_->wait_key(milliseconds(0));
        }
        next = std::min(next, Clock::now() + view_.delay);
    }
}

void TopRun::show_stream() {
    if (!write_all(STDOUT_FILENO, stream_start(*args_.stream))) quit_ = true;
    auto next = Clock::now() + view_.delay;
    bool over = false;
    while (!leaving() && !over) {
        over = sampling_->wait_until(args_.once ? Clock::time_point::max() : next, signals_.stop());
        if (over && !sampling_->result()) return;
        next += view_.delay;
        next_table();
        if (table_.rows.size() > args_.rows) table_.rows.resize(args_.rows);
        if (!write_all(STDOUT_FILENO, stream_table(*args_.stream, facts_, table_, view_.request.rows))) quit_ = true;
    }
}

/// Back to an ordinary terminal, then what there is to say.
int TopRun::end() {
    screen_.reset();
    int status = kExitOk;
    bool ended = false;
    if (sampling_) {
        sampling_->stop();
        const Result<Recording>& result = sampling_->result();
        if (!result && result.error().code != ErrorCode::kStopped) {
            status = failed(result.error());
            if (subjects_.program && result.error().code == ErrorCode::kNotPython) status = kExitOk;
        }
        ended = !result || result->reason == StopReason::kTargetExited;
    }
    signals_.files_written();
    if (args_.spawns()) {
        if (!ended && signals_.received() != SIGINT)
            messages_.note(fmt::format("process {} goes on; waiting for it to end (Ctrl-C twice leaves it running)",
                                       subjects_.first.value));
        signals_.now_waiting();
        program_output_.pass_on();
        const std::optional<ExitStatus> child = subjects_.wait();
        program_output_.pass_on();
        if (status == kExitOk && child) status = exit_code(*child);
    }
    return status;
}

int TopRun::run() {
    if (const auto begun = begin(); !begun) {
        screen_.reset();
        program_output_.pass_on();
        return failed(begun.error());
    }
    if (on_screen())
        show_screen();
    else
        show_stream();
    return end();
}

}  // namespace

int run_top(const TopArgs& given) {
    TopArgs args = given;
    // A screen is for a terminal that can show one, and is wanted unless something else was asked for.
    if (!args.stream && (args.once || !is_capable_terminal(STDOUT_FILENO))) args.stream = StreamFormat::kText;
    const Messages messages{Verbosity::kNormal, args.colour};
    return TopRun{args, messages}.run();
}

}  // namespace lampyr::tool
