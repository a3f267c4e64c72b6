// SPDX-License-Identifier: MIT
#include "check/diff_report.hpp"

#include "base/escape.hpp"
#include "check/words.hpp"
#include "export/flamegraph/change_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lampyr::check {
namespace {

double moved(const Change& change) { return std::abs(change.share.now - change.share.base); }

/// Rows of the table: largest change first.
std::vector<const FunctionChange*> largest_changes(const Comparison& comparison, std::size_t top) {
    std::vector<const FunctionChange*> rows;
    for (const FunctionChange& function : comparison.functions) rows.push_back(&function);
    std::stable_sort(rows.begin(), rows.end(), [](const FunctionChange* a, const FunctionChange* b) {
        if (moved(a->self) != moved(b->self)) return moved(a->self) > moved(b->self);
        return moved(a->total) > moved(b->total);
    });
    if (rows.size() > top) rows.resize(top);
    return rows;
}

std::string side_text(const SideFacts& side, std::string_view name) {
    return fmt::format("{}: {}, {} samples and {:.2f} s of CPU time each", base::terminal_text(name),
                       plural(side.runs, "run"), count(side.samples), side.cpu_s);
}

std::string share_interval(const ShareChange& share) {
    if (!share.low || !share.high) return "-";
    return fmt::format("{} to {}", signed_points(*share.low), signed_points(*share.high));
}

std::string program_line(const Comparison& comparison) {
    if (comparison.program) {
        return fmt::format("CPU time of the whole program for a unit of work: {} (95 %: {})",
                           signed_percent(comparison.program->effect()), interval(*comparison.program));
    }
    const double base = comparison.base.cpu_s / std::max(comparison.base.work, 1e-300);
    const double now = comparison.now.cpu_s / std::max(comparison.now.work, 1e-300);
    return fmt::format("CPU time of the whole program for a unit of work: {}", signed_percent(now / base - 1));
}

std::string_view interval_note(const Comparison& comparison) {
    return comparison.has_intervals()
               ? "Intervals are 95 %, from the spread between the runs of a side."
               : "No error bars: they need two runs or more on each side. A difference may be chance.";
}

std::string text(const Comparison& comparison, const DiffOptions& options) {
    std::string out = side_text(comparison.base, options.base_name) + "\n" +
                      side_text(comparison.now, options.now_name) + "\n" + program_line(comparison) + "\n" +
                      std::string(interval_note(comparison)) + "\n\n";
    const bool intervals = comparison.has_intervals();
    out += fmt::format("{:>8}{:>9}{:>8}", "self", "->", "points");
    if (intervals) out += fmt::format("{:>18}", "95 %");
    out += fmt::format("{:>10}{:>9}{:>8}  function\n", "total", "->", "points");
    for (const FunctionChange* row : largest_changes(comparison, options.top)) {
        const ShareChange& self = row->self.share;
        const ShareChange& total = row->total.share;
        out +=
            fmt::format("{:>8}{:>9}{:>8}", percent(self.base), percent(self.now), signed_points(self.now - self.base));
        if (intervals) out += fmt::format("{:>18}", share_interval(self));
        out += fmt::format("{:>10}{:>9}{:>8}  {}\n", percent(total.base), percent(total.now),
                           signed_points(total.now - total.base),
                           base::terminal_text(function_label(*row, options.full_filenames)));
    }
    return out;
}

std::string markdown(const Comparison& comparison, const DiffOptions& options) {
    std::string out = fmt::format("### Profile of {} against {}\n\n", markdown_text(options.now_name),
                                  markdown_text(options.base_name));
    out += fmt::format("- {}\n- {}\n- {}\n- {}\n\n", markdown_text(side_text(comparison.base, options.base_name)),
                       markdown_text(side_text(comparison.now, options.now_name)),
                       markdown_text(program_line(comparison)), interval_note(comparison));
    out += "| self | -> | points | 95 % | total | -> | points | function |\n|--:|--:|--:|:-:|--:|--:|--:|:--|\n";
    for (const FunctionChange* row : largest_changes(comparison, options.top)) {
        const ShareChange& self = row->self.share;
        const ShareChange& total = row->total.share;
        out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", percent(self.base), percent(self.now),
                           signed_points(self.now - self.base), share_interval(self), percent(total.base),
                           percent(total.now), signed_points(total.now - total.base),
                           markdown_code(function_label(*row, options.full_filenames)));
    }
    return out;
}

Result<void> put_text(ByteSink& sink, const std::string& text) {
    if (!sink.write(text)) return Error{ErrorCode::kOutput, "the output could not be written", "", 0};
    return {};
}

}  // namespace

void put_estimate(exporter::JsonWriter& json, const std::optional<Estimate>& estimate) {
    if (!estimate) {
        json.number(std::nan(""));  // null
        return;
    }
    json.begin_object();
    json.field("effect", estimate->effect());
    json.field("low", estimate->low());
    json.field("high", estimate->high());
    json.field("p_slower", estimate->p_slower);
    json.field("p_faster", estimate->p_faster);
    json.field("detectable", estimate->detectable);
    json.end_object();
}

namespace {

void put_change(exporter::JsonWriter& json, const Change& change) {
    json.begin_object();
    json.field("base_share", change.share.base);
    json.field("new_share", change.share.now);
    json.field("share_low", change.share.low.value_or(std::nan("")));
    json.field("share_high", change.share.high.value_or(std::nan("")));
    json.field("base_ns", change.base_ns);
    json.field("new_ns", change.now_ns);
    json.key("time");
    put_estimate(json, change.time);
    json.end_object();
}

}  // namespace

void put_side(exporter::JsonWriter& json, const SideFacts& side) {
    json.begin_object();
    json.field("runs", static_cast<std::uint64_t>(side.runs));
    json.field("samples_per_run", side.samples);
    json.field("cpu_s_per_run", side.cpu_s);
    json.field("work_per_run", side.work);
    json.key("sources").begin_array();
    for (const std::string& source : side.sources) json.string(source);
    json.end_array();
    json.end_object();
}

void put_function(exporter::JsonWriter& json, const FunctionChange& function) {
    json.field("name", function.name);
    json.field("file", function.file);
    json.field("full_file", function.full_file);
    json.field("line", static_cast<std::uint64_t>(function.line));
    json.field("match", to_string(function.match));
    if (!function.base_name.empty()) json.field("base_name", function.base_name);
    if (!function.base_file.empty()) json.field("base_file", function.base_file);
    json.key("self");
    put_change(json, function.self);
    json.key("total");
    put_change(json, function.total);
}

namespace {

Result<void> write_json(const Comparison& comparison, ByteSink& sink) {
    exporter::JsonWriter json(sink);
    json.begin_object();
    json.field("schema", "lampyr-diff-1");
    json.key("base");
    put_side(json, comparison.base);
    json.key("new");
    put_side(json, comparison.now);
    json.key("intervals").boolean(comparison.has_intervals());
    json.key("host_speed_removed").boolean(comparison.host_factor);
    json.key("program");
    put_estimate(json, comparison.program);
    json.key("functions").begin_array();
    for (const FunctionChange& function : comparison.functions) {
        json.begin_object();
        put_function(json, function);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.finish();
}

Result<void> write_svg(const Comparison& comparison, const DiffOptions& options, ByteSink& sink) {
    exporter::ChangePicture picture;
    picture.title = fmt::format("{} against {}", options.now_name, options.base_name);
    picture.base_name = options.base_name;
    picture.now_name = options.now_name;
    for (const FunctionChange& function : comparison.functions) {
        picture.functions.push_back({function.name, options.full_filenames ? function.full_file : function.file,
                                     function.line, function.kind == FunctionKind::kMarker});
    }
    for (const PathChange& path : comparison.paths) {
        picture.nodes.push_back(
            {path.depth, path.function, path.base_self, path.now_self, path.base_total, path.now_total, path.noise});
    }
    picture.facts = {side_text(comparison.base, options.base_name), side_text(comparison.now, options.now_name),
                     program_line(comparison),
                     comparison.has_intervals()
                         ? "grey: a path's difference is within its 95 % interval"
                         : "one run on a side: no error bars; grey is only what counting samples can give by chance"};
    return exporter::write_change_picture(picture, sink);
}

}  // namespace
}  // namespace lampyr::check

namespace lampyr {

Result<void> write_diff(const Comparison& comparison, DiffFormat format, const DiffOptions& options, ByteSink& sink) {
    switch (format) {
        case DiffFormat::kText: return check::put_text(sink, check::text(comparison, options));
        case DiffFormat::kMarkdown: return check::put_text(sink, check::markdown(comparison, options));
        case DiffFormat::kJson: return check::write_json(comparison, sink);
        case DiffFormat::kSvg: return check::write_svg(comparison, options, sink);
    }
    return Error{ErrorCode::kUsage, "there is no such output format", "", 0};
}

}  // namespace lampyr
