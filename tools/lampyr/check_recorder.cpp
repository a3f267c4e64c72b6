// SPDX-License-Identifier: MIT
#include "check_recorder.hpp"

#include "exit_codes.hpp"
#include "figures.hpp"
#include "output_file.hpp"

#include <lampyr/export.hpp>
#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace lampyr::tool {

Result<CheckRecorder> CheckRecorder::open(const CheckArgs& args, const BaseCheckout* checkout,
                                          const Messages& messages) {
    CheckRecorder recorder(args, messages);
    std::error_code failure;
    recorder.temporary_ = args.artifacts.empty();
    if (recorder.temporary_) {
        std::string place = (std::filesystem::temp_directory_path(failure) / "lampyr-check-XXXXXX").string();
        if (failure || ::mkdtemp(place.data()) == nullptr)
            return Error{ErrorCode::kSystem, "no temporary directory can be made", "set TMPDIR", 0};
        recorder.directory_ = place;
    } else {
        recorder.directory_ = std::filesystem::absolute(args.artifacts).string();
    }
    for (Side* side : {&recorder.base_, &recorder.now_}) {
        side->name = side == &recorder.base_ ? "base" : "new";
        std::filesystem::create_directories(recorder.directory_ + "/" + side->name, failure);
        if (failure)
            return Error{ErrorCode::kOutput,
                         fmt::format("cannot make the directory {}", in_quotes(recorder.directory_)), "", 0};
        side->orders.rate_hz = args.rules.rate_hz;
        side->orders.work = args.work;
        side->orders.work_from = args.work_from;
        side->orders.log = fmt::format("{}/{}/run.log", recorder.directory_, side->name);
    }
    recorder.now_.orders.command = args.now;
    recorder.base_.orders.command = checkout != nullptr ? args.now : args.base;
    if (checkout != nullptr) recorder.base_.orders.directory = checkout->directory();
    // Other hashes are another order in every set: without this the sides differ by what they drew.
    ::setenv("PYTHONHASHSEED", "0", 0);
    recorder.signals_ = std::make_unique<StopSignals>();
    return recorder;
}

CheckRecorder::~CheckRecorder() {
    if (directory_.empty() || !temporary_) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

Result<void> CheckRecorder::warm_up(Side& side) {
    for (; side.warmed < args_->warm_ups; ++side.warmed) {
        const Result<MeasuredRun> run = measure(side.orders, *signals_);
        if (signals_->stop()) return Error{ErrorCode::kStopped, "interrupted", "", 0};
        if (!run) messages_->warning(fmt::format("warm-up of the {} side: {}", side.name, to_string(run.error())));
    }
    return {};
}

Result<void> CheckRecorder::keep(Side& side, const MeasuredRun& run) const {
    const std::string name = fmt::format("{:03}", side.made);
    std::error_code failure;
    const std::string folder = fmt::format("{}/{}/", directory_, side.name);
    std::filesystem::rename(side.orders.log, folder + name + ".log", failure);
    Result<OutputFile> file = OutputFile::open(folder + name + ".lampyr", true);
    if (!file) return file.error();
    const auto written = write_profile(run.profile, Format::kLampyr, {}, *file);
    if (!written && written.error().code != ErrorCode::kOutput) return written.error();
    if (const auto done = file->commit(); !done) return done.error();
    side.entries.push_back({name + ".lampyr", run.facts.cpu_s, run.facts.work});
    Result<OutputFile> list = OutputFile::open(folder + "runs.json");
    if (!list) return list.error();
    static_cast<void>(list->write(runs_json(side.entries)));
    if (const auto done = list->commit(); !done) return done.error();
    return {};
}

Result<void> CheckRecorder::run_once(Side& side, ProfileSide& profiles, Conditions& conditions, std::size_t planned) {
    const auto most = static_cast<std::size_t>(std::ceil(args_->rules.max_failed * static_cast<double>(planned)));
    for (;;) {
        Result<MeasuredRun> run = measure(side.orders, *signals_);
        if (signals_->stop()) return Error{ErrorCode::kStopped, "interrupted", "", 0};
        if (!run) {
            ++side.failed;
            messages_->warning(fmt::format("a run of the {} side failed: {}", side.name, to_string(run.error())));
            if (run.error().code == ErrorCode::kUsage) return run.error();
            if (side.failed <= most) continue;
            return Error{ErrorCode::kTargetGone,
                         fmt::format("{} of the {} side failed", plural(side.failed, "run"), side.name),
                         "see what they print with --artifacts DIR", 0};
        }
        ++side.made;
        run->facts.source = fmt::format("{} run {}", side.name, side.made);
        messages_->note(fmt::format("{}: {:.2f} s of CPU time, {}", run->facts.source, run->facts.cpu_s,
                                    plural(run->profile.info.stacks, "sample")));
        if (!temporary_)
            if (const auto kept = keep(side, *run); !kept) return kept.error();
        conditions.add(run->profile);
        profiles.add(run->profile, run->facts);
        return {};
    }
}

Result<CheckSides> CheckRecorder::record(std::size_t runs) {
    CheckSides sides{ProfileSide(args_->rules.path_maps), ProfileSide(), {}, {}, {}};
    for (Side* side : {&base_, &now_})
        if (const auto warm = warm_up(*side); !warm) return warm.error();
    for (std::size_t i = 0; i < 2 * runs; ++i) {
        const bool is_now = args_->blocked ? i >= runs : i % 4 == 1 || i % 4 == 2;  // A B B A
        const auto done = is_now ? run_once(now_, sides.now, sides.now_conditions, runs)
                                 : run_once(base_, sides.base, sides.base_conditions, runs);
        if (!done) return done.error();
    }
    sides.facts.base_failed = base_.failed;
    sides.facts.now_failed = now_.failed;
    sides.facts.order = args_->blocked ? "blocked" : "ABBA";
    if (args_->blocked)
        sides.facts.warnings.push_back(
            "the runs of each side were made in one block; what drifts on the machine meanwhile "
            "looks like a change. Leave --order blocked out");
    return sides;
}

Result<ProfileSide> CheckRecorder::record_one_side(std::size_t runs) {
    ProfileSide side;
    Conditions conditions;
    if (const auto warm = warm_up(base_); !warm) return warm.error();
    for (std::size_t i = 0; i < runs; ++i)
        if (const auto done = run_once(base_, side, conditions, runs); !done) return done.error();
    return side;
}

}  // namespace lampyr::tool
