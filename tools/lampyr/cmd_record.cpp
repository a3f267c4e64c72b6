// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "default_name.hpp"
#include "exit_codes.hpp"
#include "figures.hpp"
#include "output_file.hpp"
#include "process_files.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "subjects.hpp"
#include "summary.hpp"
#include "terminal.hpp"

#include <lampyr/profile_file.hpp>
#include <lampyr/read_profile.hpp>
#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>

namespace lampyr::tool {
namespace {

/// The files of one recording, made before anything is sampled.
struct Outputs {
    OutputFile profile;
    std::optional<OutputFile> summary;
};

/// What `{pid}` stands for while all processes are streamed into one file.
constexpr std::string_view kAllProcesses = "all";

Result<Outputs> open_outputs(const RecordArgs& args) {
    // Of several files this proves that they can be written, and is the one that is streamed.
    const std::string path = fill_pattern(args.output, kAllProcesses);
    if (is_per_process(args.output) && args.format == Format::kLampyr && ::access(path.c_str(), F_OK) == 0)
        return Error{
            ErrorCode::kOutput, fmt::format("{} is there, and its name is needed while recording", in_quotes(path)),
            "rename it, or part it first: lampyr report -o " + shell_word(args.output) + " " + shell_word(path), 0};
    Result<OutputFile> profile =
        args.output.empty() ? OutputFile::open_unnamed() : OutputFile::open(path, is_binary(args.format));
    if (!profile) return profile.error();
    Outputs outputs{std::move(*profile), std::nullopt};
    if (!args.summary_json.empty()) {
        Result<OutputFile> summary = OutputFile::open(args.summary_json);
        if (!summary) return summary.error();
        outputs.summary = std::move(*summary);
    }
    return outputs;
}

/// One run of `lampyr record`, from the proved output to the closing words.
class RecordRun {
  public:
    RecordRun(const RecordArgs& args, const Messages& messages) : args_(args), messages_(messages) {}

    int run();

  private:
    int failed(const Error& error) const {
        messages_.error(error);
        if (error.child_status >= 0)
            return error.child_status;  // the program's own status, though nothing was recorded
        return exit_code(error.code, args_.spawns());
    }
    void announce(const Subjects& subjects) const;
    [[nodiscard]] bool streams() const { return args_.format == Format::kLampyr; }
    Result<Recording> sample(Subjects& subjects, const StopSignals& signals, ProfileSink* sink) const;
    Result<Recording> sample_into(Outputs& outputs, Subjects& subjects, StopSignals& signals) const;
    Result<void> write(Outputs& outputs, const Recording& recording, int signal) const;
    Result<void> write_each(Outputs& outputs, Outcome& outcome) const;
    Result<void> write_whole(Outputs& outputs, Outcome& outcome) const;
    int wait_for_child(Subjects& subjects, StopSignals& signals, int status) const;

    const RecordArgs& args_;
    const Messages& messages_;
};

void RecordRun::announce(const Subjects& subjects) const {
    if (args_.format_guessed_wrongly) {
        messages_.warning(fmt::format("the name {} asks for no format known; writing {} (-f chooses)",
                                      in_quotes(args_.output), to_string(args_.format)));
    }
    for (const Target& target : subjects.targets) {
        messages_.detail(fmt::format("process {} is Python {}: {}", target.pid().value,
                                     terminal_safe(target.python_version()), terminal_safe(target.command_line())));
        if (!target.note().empty())
            messages_.warning(fmt::format("process {}: {}", target.pid().value, terminal_safe(target.note())));
    }
    if (args_.spawns() && is_terminal(STDERR_FILENO)) return;  // the program has the terminal now
    const std::string what = fmt::format("{}{}",
                                         subjects.size() == 1 ? fmt::format("process {}", subjects.first.value)
                                                              : fmt::format("{} processes", subjects.size()),
                                         args_.subprocesses ? " and what it starts" : "");
    const std::string until =
        args_.sampling.duration ? "for " + format_seconds(*args_.sampling.duration) : std::string{"until it ends"};
    messages_.note(fmt::format("recording {} at {} Hz {}; Ctrl-C ends and writes", what,
                               format_rate(args_.sampling.rate_hz), until));
}

Result<Recording> RecordRun::sample(Subjects& subjects, const StopSignals& signals, ProfileSink* sink) const {
    Progress progress{choose_progress_style(args_.verbosity, is_terminal(STDERR_FILENO),
                                            is_capable_terminal(STDERR_FILENO), args_.spawns()),
                      args_.sampling};
    SamplerOptions sampling = args_.sampling;
    sampling.follow = subjects.follow;
    return record(
        subjects.targets, sampling, signals.stop(), [&progress](const SamplerProgress& now) { progress.update(now); },
        sink);
}

/// A lampyr file is written while it is recorded; a failure to write it is told by its commit.
Result<Recording> RecordRun::sample_into(Outputs& outputs, Subjects& subjects, StopSignals& signals) const {
    if (!streams()) return sample(subjects, signals, nullptr);
    outputs.profile.write_through();
    auto stream = ProfileFileStream::start(outputs.profile);
    if (!stream && stream.error().code != ErrorCode::kOutput) return stream.error();
    if (!stream) return outputs.profile.commit().error();
    signals.file_stays();
    Result<Recording> recording = sample(subjects, signals, stream->get());
    if (const auto finished = (*stream)->finish(); !finished && finished.error().code != ErrorCode::kOutput)
        return finished.error();
    return recording;
}

Result<void> RecordRun::write_whole(Outputs& outputs, Outcome& outcome) const {
    const ProfileInfo& info = outcome.recording.profile.info;
    const auto lost = [&](Error error) {
        if (outputs.profile.in_place()) {
            error.message += "; the file holds what was written until then";
            return error;
        }
        error.message +=
            fmt::format("; {} of {} are lost", plural(info.stacks, "sample"), format_seconds(info.duration));
        return error;
    };
    if (!streams()) {
        const Result<void> exported =
            write_profile(outcome.recording.profile, args_.format, args_.exporting, outputs.profile);
        if (!exported && exported.error().code != ErrorCode::kOutput) return exported.error();
    }
    const Result<std::uint64_t> bytes = outputs.profile.commit();  // knows the errno of a failed write
    if (!bytes) return lost(bytes.error());
    outcome.bytes = *bytes;
    outcome.path = outputs.profile.path();
    return {};
}

/// A stream of all processes is on the disk already: it is read again, and stays until all of its parts are written.
Result<void> RecordRun::write_each(Outputs& outputs, Outcome& outcome) const {
    const Profile* profile = &outcome.recording.profile;
    Result<ReadProfile> streamed = ReadProfile{};
    if (streams()) {
        if (const auto whole = write_whole(outputs, outcome); !whole) return whole;
        streamed = read_profile(outcome.path);
        if (streamed) profile = &streamed->profile;
    }
    auto files = streamed ? write_process_files(*profile, args_.format, args_.exporting, args_.output)
                          : Result<std::vector<ProcessFile>>(streamed.error());
    if (!files) {
        Error error = files.error();
        if (streams()) error.message += fmt::format("; {} holds all", in_quotes(outcome.path));
        return error;
    }
    if (streams()) ::unlink(outcome.path.c_str());
    outcome.path = args_.output;
    outcome.bytes = bytes_of(*files);
    outcome.files = std::move(*files);
    return {};
}

Result<void> RecordRun::write(Outputs& outputs, const Recording& recording, int signal) const {
    Outcome outcome{recording, args_.sampling, args_.format, {}, outputs.profile.is_stdout(), 0, signal, {}};
    const Result<void> done =
        is_per_process(args_.output) ? write_each(outputs, outcome) : write_whole(outputs, outcome);
    if (!done) return done;
    messages_.block(summary_text(outcome, args_.verbosity));
    if (!outputs.summary) return {};
    static_cast<void>(outputs.summary->write(summary_json(outcome)));
    if (const auto written = outputs.summary->commit(); !written) return written.error();
    return {};
}

/// The program's status is ours, unless we failed ourselves.
int RecordRun::wait_for_child(Subjects& subjects, StopSignals& signals, int status) const {
    signals.now_waiting();
    const std::optional<ExitStatus> ended = subjects.wait();
    return status == kExitOk && ended ? exit_code(*ended) : status;
}

int RecordRun::run() {
    StopSignals signals;
    Result<Outputs> outputs = open_outputs(args_);
    if (!outputs) return failed(outputs.error());
    Result<Subjects> subjects = open_subjects(args_, signals);
    if (!subjects) return failed(subjects.error());
    if (args_.output.empty()) {
        outputs->profile.rename_to(
            default_file_name(subjects->command_line, subjects->first, std::time(nullptr), extension_of(args_.format)));
    }
    announce(*subjects);
    int status = kExitOk;
    const Result<Recording> recording = sample_into(*outputs, *subjects, signals);
    if (!recording) {
        status = failed(recording.error());
        // Nothing of the program was Python: its status is what whoever runs it wants to know.
        if (subjects->program && recording.error().code == ErrorCode::kNotPython) status = kExitOk;
    } else if (const Result<void> written = write(*outputs, *recording, signals.received()); !written) {
        status = failed(written.error());
    }
    signals.files_written();
    if (!args_.spawns()) return status;
    const bool ending = !recording || recording->reason == StopReason::kTargetExited || signals.received() == SIGINT;
    if (!ending) {
        messages_.note(fmt::format("process {} goes on; waiting for it to end (Ctrl-C twice leaves it running)",
                                   subjects->first.value));
    }
    return wait_for_child(*subjects, signals, status);
}

}  // namespace

int run_record(const RecordArgs& args) {
    const Messages messages{args.verbosity, args.colour};
    return RecordRun{args, messages}.run();
}

}  // namespace lampyr::tool
