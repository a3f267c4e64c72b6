// SPDX-License-Identifier: MIT
#include "summary.hpp"

#include "facts.hpp"
#include "figures.hpp"

#include <lampyr/summary.hpp>
#include <lampyr/text.hpp>
#include <lampyr/version.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <csignal>

namespace lampyr::tool {
namespace {

constexpr std::size_t kMostLines = 12;
constexpr std::size_t kFewSamples = 100;

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}
double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
double microseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

std::uint64_t loss(const ProfileInfo& info, Loss cause) { return info.losses[static_cast<std::size_t>(cause)]; }
double late_share(const ProfileInfo& info) {
    return share(loss(info, Loss::kLate), info.ticks + loss(info, Loss::kLate));
}

std::string why_stopped(const Outcome& outcome) {
    switch (outcome.recording.reason) {
        case StopReason::kDuration: return "the time is over";
        case StopReason::kTargetExited: return "the program ended";
        case StopReason::kTargetLost: return "the process could no longer be read";
        case StopReason::kOutputFailed: return "the profile could no longer be written";
        case StopReason::kRequested: break;
    }
    switch (outcome.signal) {
        case SIGINT: return "Ctrl-C";
        case SIGTERM: return "SIGTERM";
        case SIGHUP: return "SIGHUP";
        default: return "on request";
    }
}

std::chrono::nanoseconds time_of(const Profile& profile) {
    std::chrono::nanoseconds time{0};
    for (const Sample& sample : profile.samples) time += sample.weight;
    return time;
}

double own_share(const Recording& recording) {
    const double whole = seconds(recording.profile.info.duration);
    return whole > 0 ? seconds(recording.own_cpu) / whole : 0;
}

std::string held_down_text(const Recording& recording) {
    const ProfileInfo& info = recording.profile.info;
    const bool held_down = recording.lowest_rate_hz > 0 && recording.lowest_rate_hz < info.rate_asked_hz;
    return held_down && info.rate_got_hz < 0.95 * info.rate_asked_hz ? ", held down by --max-cpu" : "";
}

std::string cpu_text(const TargetCpu& cpu) {
    std::string text = fmt::format("{} of CPU in samples, {} used", format_seconds(cpu.given), format_seconds(cpu.ran));
    if (cpu.waited.count() > 0) text += fmt::format("; waited {} for a CPU", format_seconds(cpu.waited));
    return text;
}

void add_top(std::vector<std::string>& lines, std::string_view title, const std::vector<TopEntry>& entries) {
    std::string_view head = title;
    for (const TopEntry& entry : entries) {
        lines.push_back(fmt::format("  {:<9} {:5.1f} % {}", head, 100 * entry.self_share,
                                    cut_text(terminal_safe(entry.label), 120)));
        head = "";
    }
}

std::string next_command(const Outcome& outcome) {
    const std::string file = shell_word(outcome.files.empty() ? outcome.path : outcome.files.front().path);
    switch (outcome.format) {
        case Format::kFlamegraph: return fmt::format("xdg-open {}   (or any web browser)", file);
        case Format::kSpeedscope:
            return fmt::format("speedscope {}   (or drop it on https://www.speedscope.app)", file);
        case Format::kRaw:
            return fmt::format("awk '{{print $NF \" \" $0}}' {} | sort -rn | head   (hottest stacks)", file);
        case Format::kChromeTrace:
            return fmt::format("open {} at https://ui.perfetto.dev or in chrome://tracing", file);
        case Format::kPprof: return fmt::format("pprof -http=: {}   (go install github.com/google/pprof@latest)", file);
        case Format::kLampyr: return fmt::format("lampyr report {}   (--help: filters and other formats)", file);
    }
    return file;
}

std::string wrote_text(const Outcome& outcome) {
    if (outcome.files.empty())
        return fmt::format("{} ({}, {})", terminal_safe(outcome.path), to_string(outcome.format),
                           format_bytes(outcome.bytes));
    return fmt::format("{} ({}, {} of one process each, {})", name_files(outcome.files), to_string(outcome.format),
                       plural(outcome.files.size(), "file"), format_bytes(outcome.bytes));
}

nlohmann::json files_json(const std::vector<ProcessFile>& files) {
    nlohmann::json list = nlohmann::json::array();
    for (const ProcessFile& file : files)
        list.push_back(
            {{"pid", file.pid.value}, {"path", file.path}, {"bytes", file.bytes}, {"samples", file.samples}});
    return list;
}

std::string audit_text(const Audit& audit) {
    const std::string samples = plural(audit.stopped_samples, "stopped sample");
    switch (audit.verdict) {
        case Audit::Verdict::kTooFew: break;
        case Audit::Verdict::kAgrees:
            return fmt::format("audit: agrees within {:.1f} points ({})", 100 * audit.largest_difference, samples);
        case Audit::Verdict::kBiased:
            return fmt::format(
                "audit: biased: `{}` is shown with {:.1f} %{}, stopped samples say {:.1f} % \u00b1 {:.1f} ({})",
                cut_text(terminal_safe(audit.function), 120), 100 * audit.shown,
                audit.inclusive ? " (with what it calls)" : "", 100 * audit.stopped, 100 * audit.uncertainty, samples);
    }
    return fmt::format("audit: too few samples to say ({}); record longer", samples);
}

std::string_view verdict_name(Audit::Verdict verdict) {
    switch (verdict) {
        case Audit::Verdict::kAgrees: return "agrees";
        case Audit::Verdict::kBiased: return "biased";
        case Audit::Verdict::kTooFew: break;
    }
    return "too few samples";
}

nlohmann::json audit_json(const std::optional<Audit>& audit) {
    if (!audit) return nullptr;
    nlohmann::json json{{"verdict", verdict_name(audit->verdict)},
                        {"stopped_samples", audit->stopped_samples},
                        {"shares_tested", audit->shares_tested},
                        {"largest_difference", audit->largest_difference}};
    if (audit->verdict == Audit::Verdict::kBiased) {
        json["function"] = audit->function;
        json["inclusive"] = audit->inclusive;
        json["shown_share"] = audit->shown;
        json["stopped_share"] = audit->stopped;
        json["uncertainty"] = audit->uncertainty;
    }
    return json;
}

nlohmann::json top_json(const std::vector<TopEntry>& entries) {
    nlohmann::json list = nlohmann::json::array();
    for (const TopEntry& entry : entries) {
        list.push_back({{"label", entry.label},
                        {"self_s", seconds(entry.self)},
                        {"total_s", seconds(entry.total)},
                        {"self_share", entry.self_share},
                        {"total_share", entry.total_share}});
    }
    return list;
}

std::string_view reason_name(StopReason reason) {
    switch (reason) {
        case StopReason::kDuration: return "duration";
        case StopReason::kRequested: return "requested";
        case StopReason::kTargetExited: return "target exited";
        case StopReason::kTargetLost: return "target lost";
        case StopReason::kOutputFailed: return "output failed";
    }
    return "unknown";
}

}  // namespace

std::vector<std::string> warnings(const Outcome& outcome) {
    const Recording& recording = outcome.recording;
    const ProfileInfo& info = recording.profile.info;
    std::vector<std::string> list;
    if (info.stacks == 0 && recording.idle_stacks > 0) {
        list.push_back(
            fmt::format("no samples: the threads were idle all the time ({} left out); add --idle to see "
                        "where they wait",
                        plural(recording.idle_stacks, "idle stack")));
    } else if (info.stacks == 0 && outcome.options.gil_only) {
        list.emplace_back("no samples: no thread held the GIL when it was looked at; leave --gil out");
    } else if (info.stacks == 0) {
        list.emplace_back("no samples: no Python code ran while recording; record longer or raise the rate with -r");
    } else if (info.stacks < kFewSamples && recording.idle_stacks > info.stacks) {
        list.push_back(
            fmt::format("only {}: the threads were idle most of the time ({} left out); add --idle to see "
                        "where they wait",
                        plural(info.stacks, "sample"), plural(recording.idle_stacks, "idle stack")));
    } else if (info.stacks < kFewSamples) {
        list.push_back(fmt::format("only {}: shares are rough; record longer or raise the rate with -r",
                                   plural(info.stacks, "sample")));
    }
    if (const double most = outcome.options.max_cpu_share; most > 0 && own_share(recording) > 1.2 * most) {
        list.push_back(
            fmt::format("lampyr used {:.2g} % of a core, more than the {:.2g} % of --max-cpu: starting and "
                        "reading names takes what it takes",
                        100 * own_share(recording), 100 * most));
    }
    if (recording.audit && recording.audit->verdict == Audit::Verdict::kBiased)
        list.push_back(audit_text(*recording.audit) + "; use --blocking");
    if (recording.cpu.uncounted_samples > 0) {
        list.push_back(
            fmt::format("the kernel does not count CPU time for {} of {}: they stand for time on the wall, and a "
                        "thread that waited for a CPU is shown as if it ran",
                        format_count(recording.cpu.uncounted_samples), plural(info.stacks, "sample")));
    }
    if (late_share(info) > 0.10) {
        list.push_back(
            fmt::format("{:.0f} % of the ticks came too late; ask for a rate that can be kept, such as -r {}",
                        100 * late_share(info), std::max(1.0, std::floor(info.rate_got_hz * 0.8))));
    }
    if (const double unproven = share(loss(info, Loss::kUnproven), info.stacks);
        unproven > 0.05 && !info.blocking && !info.native) {
        list.push_back(
            fmt::format("{:.0f} % of the samples are partly unproven because the program moved while it was "
                        "read; --blocking stops it for each sample",
                        100 * unproven));
    }
    return list;
}

std::string summary_text(const Outcome& outcome, Verbosity verbosity) {
    const Recording& recording = outcome.recording;
    const Profile& profile = recording.profile;
    const ProfileInfo& info = profile.info;
    std::vector<std::string> head;
    head.push_back(fmt::format("lampyr: recorded {} of {}: {}", format_seconds(info.duration), who(profile),
                               why_stopped(outcome)));
    head.push_back(fmt::format("  samples   {} in {}, {} of {} Hz{}", format_count(info.stacks),
                               plural(profile.threads.size(), "thread"), format_rate(info.rate_got_hz),
                               format_rate(info.rate_asked_hz), held_down_text(recording)));
    head.push_back(fmt::format("  lampyr    {} of CPU ({} of a core), {} of memory at most",
                               format_seconds(recording.own_cpu), format_share(own_share(recording), 1),
                               format_bytes(recording.peak_rss_bytes)));
    head.push_back("  losses    " + losses_text(info));
    if (info.cpu_time) head.push_back("  program   " + cpu_text(recording.cpu));
    if (recording.audit && recording.audit->verdict != Audit::Verdict::kBiased)
        head.push_back("  " + audit_text(*recording.audit));
    if (info.blocking || info.native || recording.audit) {
        head.push_back(fmt::format("  stopped   the program was held for {} in all, {} at most",
                                   format_seconds(recording.stopped), format_seconds(recording.longest_stop)));
    }
    std::vector<std::string> tail;
    for (const std::string& warning : warnings(outcome)) tail.push_back("lampyr: warning: " + warning);
    if (verbosity == Verbosity::kVerbose) {
        tail.push_back(fmt::format("  reading   {}; ticks {:.0f} us late (median), {:.0f} us (99 %); {} priority",
                                   plural(recording.read_calls, "read call"), microseconds(recording.late_median),
                                   microseconds(recording.late_p99), recording.priority));
    }
    tail.push_back("  wrote     " + wrote_text(outcome));
    if (!outcome.to_stdout && info.stacks > 0) tail.push_back("  next      " + next_command(outcome));

    const std::size_t room = kMostLines - std::min(kMostLines, head.size() + tail.size());
    const std::size_t functions = std::min<std::size_t>(3, (room + 1) / 2);
    const std::size_t lines = std::min<std::size_t>(3, room - std::min(room, functions));
    add_top(head, "functions", top_functions(profile, functions));
    add_top(head, "lines", top_lines(profile, lines));

    std::string text;
    for (const std::vector<std::string>* part : {&head, &tail}) {
        for (const std::string& line : *part) text += line + "\n";
    }
    return text;
}

std::string summary_json(const Outcome& outcome) {
    const Recording& recording = outcome.recording;
    const Profile& profile = recording.profile;
    const ProfileInfo& info = profile.info;
    nlohmann::json losses = nlohmann::json::object();
    for (std::size_t i = 0; i < kLossCount; ++i) losses[std::string{to_string(static_cast<Loss>(i))}] = info.losses[i];
    nlohmann::json processes = nlohmann::json::array();
    for (const Process& process : profile.processes) {
        processes.push_back({{"pid", process.pid.value},
                             {"executable", profile.string(process.executable)},
                             {"python_version", profile.string(process.python_version)}});
    }
    const nlohmann::json json{
        {"lampyr_version", LAMPYR_VERSION},
        {"reason", reason_name(recording.reason)},
        {"signal", outcome.signal},
        {"duration_s", seconds(info.duration)},
        {"rate_asked_hz", info.rate_asked_hz},
        {"rate_got_hz", info.rate_got_hz},
        {"ticks", info.ticks},
        {"samples", info.stacks},
        {"idle_stacks_left_out", recording.idle_stacks},
        {"threads", profile.threads.size()},
        {"processes", processes},
        {"losses", losses},
        {"weights", info.cpu_time ? "cpu" : "wall"},
        {"interval_s", seconds(info.interval)},
        {"samples_time_s", seconds(time_of(profile))},
        {"target_cpu_s", seconds(recording.cpu.ran)},
        {"target_cpu_given_s", seconds(recording.cpu.given)},
        {"run_queue_wait_s", seconds(recording.cpu.waited)},
        {"waiting_samples", recording.cpu.waiting_samples},
        {"uncounted_samples", recording.cpu.uncounted_samples},
        {"tick_late_median_us", microseconds(recording.late_median)},
        {"tick_late_p99_us", microseconds(recording.late_p99)},
        {"priority", recording.priority},
        {"own_cpu_s", seconds(recording.own_cpu)},
        {"own_cpu_share", own_share(recording)},
        {"max_cpu_share", outcome.options.max_cpu_share > 0 ? nlohmann::json(outcome.options.max_cpu_share) : nullptr},
        {"lowest_rate_hz", recording.lowest_rate_hz},
        {"peak_rss_bytes", recording.peak_rss_bytes},
        {"read_calls", recording.read_calls},
        {"blocking", info.blocking},
        {"native", info.native},
        {"tasks", info.tasks},
        {"idle_included", info.idle_included},
        {"gil_only", info.gil_only},
        {"target_stopped_s", seconds(recording.stopped)},
        {"longest_stop_s", seconds(recording.longest_stop)},
        {"stop_median_us", microseconds(recording.stop_median)},
        {"stop_p99_us", microseconds(recording.stop_p99)},
        {"audit", audit_json(recording.audit)},
        {"top_functions", top_json(top_functions(profile, 10))},
        {"top_lines", top_json(top_lines(profile, 10))},
        {"warnings", warnings(outcome)},
        {"output", {{"path", outcome.path}, {"format", to_string(outcome.format)}, {"bytes", outcome.bytes}}},
        {"files", files_json(outcome.files)},
    };
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace lampyr::tool
