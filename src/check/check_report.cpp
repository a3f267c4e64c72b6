// SPDX-License-Identifier: MIT
#include "check/check_report.hpp"

#include "base/escape.hpp"
#include "check/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::check {
namespace {

constexpr std::size_t kMostRows = 10;

const Change& change_of(const CheckResult& result, std::size_t row) {
    const FunctionChange& function = result.comparison.functions[row];
    return result.functions[row].with_callees ? function.total : function.self;
}

std::vector<std::size_t> rows_of(const CheckResult& result, std::initializer_list<Finding> findings) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < result.functions.size(); ++row)
        if (std::find(findings.begin(), findings.end(), result.functions[row].finding) != findings.end())
            rows.push_back(row);
    return rows;
}

/// Functions a reader is shown: what fails first, then what changed otherwise.
std::vector<std::size_t> told_rows(const CheckResult& result) {
    std::vector<std::size_t> rows = result.slower();
    const auto others = rows_of(result, {Finding::kAllowed, Finding::kIgnored, Finding::kMovedCost, Finding::kFaster,
                                         Finding::kNew, Finding::kGone});
    rows.insert(rows.end(), others.begin(), others.end());
    return rows;
}

std::string table_row(const CheckResult& result, std::size_t row) {
    const FunctionFinding& finding = result.functions[row];
    const FunctionChange& function = result.comparison.functions[row];
    const Change& change = change_of(result, row);
    std::string text = fmt::format("  {:<11}", to_string(finding.finding));
    if (change.time && finding.finding != Finding::kNew && finding.finding != Finding::kGone)
        text += fmt::format("{:>9}  {:<19}", signed_percent(change.time->effect()), interval(*change.time));
    else
        text += fmt::format("{:>9}  {:<19}", "", "");
    text += fmt::format("{:>7} -> {:<7} {}", percent(change.share.base), percent(change.share.now),
                        base::terminal_text(function_label(function, false)));
    if (!finding.note.empty()) text += "  (" + base::terminal_text(finding.note) + ")";
    return text + "\n";
}

std::string program_sentence(const CheckResult& result) {
    const auto& program = result.comparison.program;
    if (!program) return "Whole program: no answer, that needs two runs a side.";
    return fmt::format("Whole program: {} CPU time for a unit of work (95 %: {}), {}.",
                       signed_percent(program->effect()), interval(*program), to_string(result.program));
}

}  // namespace

std::string_view outcome_word(Outcome outcome) {
    switch (outcome) {
        case Outcome::kPass: return "PASS";
        case Outcome::kSlower: return "SLOWER";
        case Outcome::kInconclusive: return "INCONCLUSIVE";
        case Outcome::kFailed: return "FAILED";
    }
    return "";
}

std::string headline(const CheckResult& result) {
    std::string text{outcome_word(result.outcome)};
    text += ": ";
    if (result.reasons.empty())
        return text + (result.facts.screened ? "the first runs gave no suspicion"
                                             : "nothing is slower that could have been seen");
    for (std::size_t i = 0; i < result.reasons.size(); ++i) text += (i > 0 ? "; " : "") + result.reasons[i];
    return text;
}

std::string runs_sentence(const CheckResult& result) {
    const auto side = [](const SideFacts& facts, std::size_t failed) {
        return fmt::format("{} ({} failed), {} samples and {:.2f} s of CPU time each", plural(facts.runs, "run"),
                           failed, count(facts.samples), facts.cpu_s);
    };
    std::string text = fmt::format("Base: {}. New: {}.", side(result.comparison.base, result.facts.base_failed),
                                   side(result.comparison.now, result.facts.now_failed));
    if (!result.facts.order.empty()) text += fmt::format(" Order: {}.", result.facts.order);
    return text;
}

std::string detectable_sentence(const CheckResult& result) {
    const Comparison& comparison = result.comparison;
    if (!comparison.program) return "Smallest slowdown that could have been seen: none, there are too few runs.";
    const double least = result.rules.min_effect;
    std::string text =
        fmt::format("Smallest slowdown that would have been found 9 times in 10: {} of the whole program",
                    signed_percent(std::max(comparison.program->detectable, least)));
    std::size_t told = 0;
    for (const FunctionChange& function : comparison.functions) {
        if (!function.self.significant.tested || !function.self.time || told == 3) continue;
        text += fmt::format(", {} of {} ({})", signed_percent(std::max(function.self.time->detectable, least)),
                            shortened(function.name, 60), percent(function.self.share.base));
        ++told;
    }
    return text + ".";
}

std::string slower_sentence(const CheckResult& result, std::size_t row) {
    const Change& change = change_of(result, row);
    const FunctionFinding& finding = result.functions[row];
    std::string text =
        fmt::format("{}{} takes {} CPU time for a unit of work (95 %: {}); {} of the time before, {} now",
                    result.comparison.functions[row].name, finding.with_callees ? " with what it calls" : "",
                    signed_percent(change.time->effect()), interval(*change.time), percent(change.share.base),
                    percent(change.share.now));
    if (!finding.note.empty() && !finding.with_callees) text += "; " + finding.note;
    return text;
}

std::string check_text(const CheckResult& result) {
    std::string out = base::terminal_text(headline(result)) + "\n\n";
    const std::vector<std::size_t> rows = told_rows(result);
    for (std::size_t i = 0; i < rows.size() && i < kMostRows; ++i) out += table_row(result, rows[i]);
    if (rows.size() > kMostRows) out += fmt::format("  and {} more, in the other reports\n", rows.size() - kMostRows);
    if (!rows.empty()) out += "\n";
    for (const BudgetFinding& budget : result.budgets) {
        out +=
            fmt::format("  budget {}: {}, {}{}\n", base::terminal_text(budget.budget.function), to_string(budget.state),
                        budget.function.empty() ? "" : base::terminal_text(budget.function) + " takes ",
                        base::terminal_text(budget.words));
    }
    if (!result.budgets.empty()) out += "\n";
    out += base::terminal_text(program_sentence(result)) + "\n";
    out += base::terminal_text(detectable_sentence(result)) + "\n";
    out += base::terminal_text(runs_sentence(result)) + "\n";
    if (!result.comparison.host_factor && result.comparison.has_intervals())
        out += "Too few functions have enough samples to tell the host's speed, so it was not taken out.\n";
    for (const std::string& warning : result.facts.warnings) out += "Warning: " + base::terminal_text(warning) + "\n";
    return out;
}

std::string check_markdown(const CheckResult& result) {
    std::string out = fmt::format("### lampyr check: {}\n\n", markdown_text(headline(result)));
    const std::vector<std::size_t> rows = told_rows(result);
    if (!rows.empty()) {
        out += "| verdict | change | 95 % | before | now | function |\n|:--|--:|:-:|--:|--:|:--|\n";
        for (const std::size_t row : rows) {
            const Change& change = change_of(result, row);
            std::string name = function_label(result.comparison.functions[row], false);
            if (!result.functions[row].note.empty()) name += " (" + result.functions[row].note + ")";
            out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", to_string(result.functions[row].finding),
                               change.time ? signed_percent(change.time->effect()) : "-",
                               change.time ? interval(*change.time) : "-", percent(change.share.base),
                               percent(change.share.now), markdown_code(name));
        }
        out += "\n";
    }
    if (!result.budgets.empty()) {
        out += "| budget | state | found |\n|:--|:--|:--|\n";
        for (const BudgetFinding& budget : result.budgets)
            out += fmt::format("| {} | {} | {} |\n", markdown_code(budget.budget.function), to_string(budget.state),
                               markdown_text(budget.words));
        out += "\n";
    }
    for (const std::string& line : {program_sentence(result), detectable_sentence(result), runs_sentence(result)})
        out += "- " + markdown_text(line) + "\n";
    for (const std::string& warning : result.facts.warnings) out += "- **warning:** " + markdown_text(warning) + "\n";
    return out;
}

}  // namespace lampyr::check

namespace lampyr {

Result<void> write_check(const CheckResult& result, CheckFormat format, ByteSink& sink) {
    const auto put = [&sink](const std::string& text) -> Result<void> {
        if (!sink.write(text)) return Error{ErrorCode::kOutput, "the output could not be written", "", 0};
        return {};
    };
    switch (format) {
        case CheckFormat::kText: return put(check::check_text(result));
        case CheckFormat::kMarkdown: return put(check::check_markdown(result));
        case CheckFormat::kJson: return check::write_check_json(result, sink);
        case CheckFormat::kJunit: return put(check::check_junit(result));
        case CheckFormat::kGithub: return put(check::check_github(result));
        case CheckFormat::kGitlab: return check::write_check_gitlab(result, sink);
    }
    return Error{ErrorCode::kUsage, "there is no such report", "", 0};
}

}  // namespace lampyr
