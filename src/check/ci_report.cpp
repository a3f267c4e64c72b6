// SPDX-License-Identifier: MIT
#include "base/escape.hpp"
#include "check/check_report.hpp"
#include "check/diff_report.hpp"
#include "check/words.hpp"
#include "profile/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lampyr::check {
namespace {

constexpr std::size_t kMostAnnotations = 10;  // what GitHub shows of a step

/// A file as a repository knows it: relative to its root; empty if it is no file of it.
std::string repository_path(const CheckResult& result, const FunctionChange& function) {
    const std::string& file = function.full_file;
    if (file.empty() || file.starts_with('<')) return "";
    if (!file.starts_with('/')) return file;
    const std::string root = result.facts.root.empty() ? "" : result.facts.root + "/";
    return !root.empty() && file.starts_with(root) ? file.substr(root.size()) : "";
}

/// Data of a workflow command (actions/toolkit, core/src/command.ts): %, CR and LF have escapes; properties , and : too.
std::string command_data(std::string_view text, bool property) {
    std::string out;
    for (const char c : base::terminal_text(text)) {
        if (c == '%' || (property && (c == ':' || c == ',')))
            out += fmt::format("%{:02X}", static_cast<unsigned>(c));
        else
            out.push_back(c);
    }
    return out;
}

std::string place(const CheckResult& result, const FunctionChange& function) {
    std::string text;
    const std::string file = repository_path(result, function);
    if (!file.empty()) text += "file=" + command_data(file, true) + ",";
    if (!text.empty() && function.line > 0) text += fmt::format("line={},", function.line);
    return text;
}

/// One test of a JUnit report.
struct TestCase {
    std::string name;
    std::string failure{};  ///< empty: passed
    std::string skipped{};
    bool error = false;
    std::string place{};  ///< of a function: file, line, and how it was found again
};

/// What a test is called from one report to the next: CI systems keep its history under its name, so no line and no figure.
class TestNames {
  public:
    std::string of(const FunctionChange& function) {
        return once(shortened(profile::location_label(function.name, function.file, 0)));
    }
    std::string once(const std::string& name) {
        std::string one = name;
        for (std::size_t number = 2; !taken_.insert(one).second; ++number) one = fmt::format("{} #{}", name, number);
        return one;
    }

  private:
    std::set<std::string> taken_{"whole program", "conclusive"};
};

std::vector<TestCase> test_cases(const CheckResult& result) {
    std::vector<TestCase> cases;
    TestNames names;
    TestCase whole{"whole program"};
    if (result.program == Finding::kSlower)
        whole.failure =
            fmt::format("{} CPU time for a unit of work (95 %: {})",
                        signed_percent(result.comparison.program->effect()), interval(*result.comparison.program));
    if (!result.comparison.program) whole.skipped = "needs two runs a side";
    cases.push_back(std::move(whole));
    for (std::size_t row = 0; row < result.functions.size(); ++row) {
        const FunctionChange& function = result.comparison.functions[row];
        const FunctionFinding& finding = result.functions[row];
        if (finding.finding == Finding::kNotTested) continue;
        TestCase test{names.of(function)};
        test.place = function_label(function, false);
        if (finding.finding == Finding::kSlower) test.failure = slower_sentence(result, row);
        if (finding.finding == Finding::kIgnored || finding.finding == Finding::kAllowed) test.skipped = finding.note;
        cases.push_back(std::move(test));
    }
    for (const BudgetFinding& budget : result.budgets) {
        TestCase test{names.once("budget " + budget.budget.function)};
        if (budget.state == BudgetFinding::State::kBroken) test.failure = budget.function + ": " + budget.words;
        if (budget.state == BudgetFinding::State::kNoFunction) test.skipped = budget.words;
        cases.push_back(std::move(test));
    }
    if (result.outcome == Outcome::kInconclusive || result.outcome == Outcome::kFailed)
        cases.push_back({"conclusive", headline(result), "", true, ""});
    return cases;
}

/// The issues of a code quality report. GitLab tells them apart, and knows them again, by their fingerprints alone: those say
/// what and where, no figures, so that the same code has the same ones; and no two of a report are equal.
class Issues {
  public:
    explicit Issues(exporter::JsonWriter& json) : json_(json) {}

    /// `subject` is what the issue is about, whatever file of the repository it can be shown at.
    void put(const std::string& what, const std::string& check, const std::string& subject,
             const std::string& path = "", std::uint32_t line = 0) {
        json_.begin_object();
        json_.field("description", base::terminal_text(what));
        json_.field("check_name", check);
        json_.field("fingerprint", fingerprint(check + "\n" + subject));
        json_.field("severity", "major");
        json_.key("location").begin_object();
        json_.field("path", path.empty() ? "." : base::terminal_text(path));
        json_.key("lines").begin_object();
        json_.field("begin", static_cast<std::uint64_t>(std::max<std::uint32_t>(line, 1)));
        json_.end_object();
        json_.end_object();
        json_.end_object();
    }

  private:
    std::string fingerprint(std::string text) {
        for (;; text += '\n') {
            std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
            for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
            std::string print = fmt::format("{:016x}", hash);
            if (given_.insert(print).second) return print;
        }
    }

    exporter::JsonWriter& json_;
    std::set<std::string> given_;
};

}  // namespace

std::string check_junit(const CheckResult& result) {
    const std::vector<TestCase> cases = test_cases(result);
    const auto number = [&cases](auto&& of) { return std::count_if(cases.begin(), cases.end(), of); };
    const auto errors = number([](const TestCase& c) { return c.error; });
    const auto failures = number([](const TestCase& c) { return !c.failure.empty() && !c.error; });
    const auto skipped = number([](const TestCase& c) { return !c.skipped.empty(); });
    std::string out = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"lampyr check\" tests=\"{}\" "
        "failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
        cases.size(), failures, errors, skipped);
    for (const TestCase& test : cases) {
        out += fmt::format("<testcase classname=\"lampyr\" name=\"{}\"", base::xml_attribute(test.name));
        if (test.failure.empty() && test.skipped.empty()) {
            out += "/>\n";
            continue;
        }
        out += ">";
        if (!test.failure.empty())
            out += fmt::format("<{0} message=\"{1}\">{2}</{0}>", test.error ? "error" : "failure",
                               base::xml_attribute(test.failure), base::xml_text(test.place));
        else
            out += fmt::format("<skipped message=\"{}\"/>", base::xml_attribute(test.skipped));
        out += "</testcase>\n";
    }
    out +=
        fmt::format("<system-out>{}</system-out>\n</testsuite>\n</testsuites>\n", base::xml_text(check_text(result)));
    return out;
}

std::string check_github(const CheckResult& result) {
    std::string out;
    std::size_t told = 0;
    for (const std::size_t row : result.slower()) {
        if (told++ == kMostAnnotations) break;
        out += fmt::format("::error {}title=slower::{}\n", place(result, result.comparison.functions[row]),
                           command_data(slower_sentence(result, row), false));
    }
    if (result.program == Finding::kSlower && told++ < kMostAnnotations)
        out += fmt::format("::error title=slower::{}\n", command_data(headline(result), false));
    for (const BudgetFinding& budget : result.budgets) {
        if (budget.state != BudgetFinding::State::kBroken || told++ >= kMostAnnotations) continue;
        out += fmt::format("::error title=budget::{}\n", command_data(budget.function + ": " + budget.words, false));
    }
    if (result.outcome == Outcome::kInconclusive || result.outcome == Outcome::kFailed)
        out += fmt::format("::error title=lampyr check::{}\n", command_data(headline(result), false));
    told = 0;
    for (const std::string& warning : result.facts.warnings)
        if (told++ < kMostAnnotations)
            out += fmt::format("::warning title=lampyr check::{}\n", command_data(warning, false));
    return out;
}

Result<void> write_check_gitlab(const CheckResult& result, ByteSink& sink) {
    exporter::JsonWriter json(sink);
    Issues issues(json);
    json.begin_array();
    for (const std::size_t row : result.slower()) {
        const FunctionChange& function = result.comparison.functions[row];
        issues.put(slower_sentence(result, row), "lampyr slower", function.file + "\n" + function.name,
                   repository_path(result, function), function.line);
    }
    for (const BudgetFinding& budget : result.budgets)
        if (budget.state == BudgetFinding::State::kBroken)
            issues.put(budget.function + ": " + budget.words, "lampyr budget", budget.budget.function);
    if (result.program == Finding::kSlower) issues.put(headline(result), "lampyr slower", "whole program");
    json.end_array();
    return json.finish();
}

Result<void> write_check_json(const CheckResult& result, ByteSink& sink) {
    exporter::JsonWriter json(sink);
    const auto texts = [&json](std::string_view key, const std::vector<std::string>& values) {
        json.key(key).begin_array();
        for (const std::string& value : values) json.string(value);
        json.end_array();
    };
    json.begin_object();
    json.field("schema", "lampyr-check-1");
    json.field("outcome", outcome_word(result.outcome));
    json.field("exit_status", static_cast<std::uint64_t>(result.outcome));
    texts("reasons", result.reasons);
    texts("warnings", result.facts.warnings);
    json.field("order", result.facts.order);
    json.key("failed_runs").begin_object();
    json.field("base", static_cast<std::uint64_t>(result.facts.base_failed));
    json.field("new", static_cast<std::uint64_t>(result.facts.now_failed));
    json.end_object();
    json.key("base");
    put_side(json, result.comparison.base);
    json.key("new");
    put_side(json, result.comparison.now);
    json.key("host_speed_removed").boolean(result.comparison.host_factor);
    json.field("dispersion", result.comparison.dispersion);
    json.field("min_effect", result.rules.min_effect);
    json.key("program").begin_object();
    json.field("finding", to_string(result.program));
    json.key("time");
    put_estimate(json, result.comparison.program);
    json.end_object();
    json.key("functions").begin_array();
    for (std::size_t row = 0; row < result.functions.size(); ++row) {
        const FunctionFinding& finding = result.functions[row];
        if (finding.finding == Finding::kNotTested) continue;
        json.begin_object();
        json.field("finding", to_string(finding.finding));
        json.key("with_callees").boolean(finding.with_callees);
        if (!finding.note.empty()) json.field("note", finding.note);
        put_function(json, result.comparison.functions[row]);
        json.end_object();
    }
    json.end_array();
    json.key("budgets").begin_array();
    for (const BudgetFinding& budget : result.budgets) {
        json.begin_object();
        json.field("pattern", budget.budget.function);
        json.field("state", to_string(budget.state));
        json.field("function", budget.function);
        json.field("found", budget.words);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.finish();
}

}  // namespace lampyr::check
