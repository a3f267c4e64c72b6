// SPDX-License-Identifier: MIT
#include "two_versions.hpp"

#include "../export/string_sink.hpp"

#include <lampyr/check.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace lampyr::check {
namespace {

using test::find;
using test::ordinary_parts;
using test::Part;
using test::Program;

CheckResult checked(const std::vector<Part>& base, const std::vector<Part>& now, const CheckRules& rules = {},
                    std::size_t runs = 10) {
    Result<Comparison> comparison =
        compare(Program(base).side(runs, 0.01, 11), Program(now).side(runs, 0.01, 12), {.renames = rules.renames});
    EXPECT_TRUE(comparison);
    CheckFacts facts;
    facts.today = "2026-11-25";
    facts.root = "/home/me/app";
    facts.order = "ABBA";
    return judge(std::move(*comparison), rules, facts);
}

const FunctionFinding& finding(const CheckResult& result, std::string_view name) {
    const auto at = static_cast<std::size_t>(find(result.comparison, name) - result.comparison.functions.data());
    return result.functions[at];
}

std::string report(const CheckResult& result, CheckFormat format) {
    lampyr::test::StringSink sink;
    EXPECT_TRUE(write_check(result, format, sink));
    return sink.text;
}

std::vector<Part> with_slower(std::size_t part, double factor) {
    std::vector<Part> parts = ordinary_parts();
    parts[part].samples *= factor;
    return parts;
}

TEST(Verdict, EqualProgramsPass) {
    const CheckResult result = checked(ordinary_parts(), ordinary_parts());
    EXPECT_EQ(result.outcome, Outcome::kPass) << report(result, CheckFormat::kText);
    EXPECT_NE(report(result, CheckFormat::kText).find("would have been found 9 times in 10"), std::string::npos);
}

TEST(Verdict, TheSlowerFunctionIsNamedAndItsCallersAreNot) {
    const CheckResult result = checked(ordinary_parts(), with_slower(2, 1.25));
    EXPECT_EQ(result.outcome, Outcome::kSlower);
    ASSERT_EQ(result.slower().size(), 1U) << report(result, CheckFormat::kText);
    EXPECT_EQ(result.comparison.functions[result.slower()[0]].name, "f1");
}

TEST(Verdict, AFasterFunctionIsAnImprovement) {
    const CheckResult result = checked(ordinary_parts(), with_slower(2, 0.8));
    EXPECT_EQ(result.outcome, Outcome::kPass);
    EXPECT_EQ(finding(result, "f1").finding, Finding::kFaster);
}

TEST(Verdict, GrowthSpreadOverSmallFunctionsIsTheirCallers) {
    std::vector<Part> base = ordinary_parts();
    base.push_back({"hub", "/home/me/app/hub.py", 1, "main", 30});
    for (std::uint32_t i = 0; i < 20; ++i)
        base.push_back({"tiny" + std::to_string(i), "/home/me/app/hub.py", 10 + i, "hub", 50});
    std::vector<Part> now = base;
    for (std::size_t i = base.size() - 20; i < base.size(); ++i) now[i].samples *= 1.3;
    const CheckResult result = checked(base, now);
    ASSERT_EQ(result.slower().size(), 1U) << report(result, CheckFormat::kText);
    EXPECT_EQ(result.comparison.functions[result.slower()[0]].name, "hub");
    EXPECT_TRUE(finding(result, "hub").with_callees);
}

TEST(Verdict, CostThatMovedIsNoRegression) {
    std::vector<Part> base = ordinary_parts();
    base.push_back({"outer", "/home/me/app/o.py", 1, "main", 800});
    base.push_back({"inner", "/home/me/app/o.py", 9, "outer", 500});
    std::vector<Part> now = base;
    now[base.size() - 2].samples = 500;
    now[base.size() - 1].samples = 800;
    const CheckResult result = checked(base, now);
    EXPECT_EQ(finding(result, "inner").finding, Finding::kMovedCost) << report(result, CheckFormat::kText);
    EXPECT_EQ(result.outcome, Outcome::kPass);
}

TEST(Verdict, TooFewRunsDecideNothing) {
    const CheckResult result = checked(ordinary_parts(), ordinary_parts(), {}, 2);
    EXPECT_EQ(result.outcome, Outcome::kInconclusive);
}

TEST(Verdict, TooFewSamplesDecideNothing) {
    CheckRules rules;
    rules.min_samples = 1e6;
    EXPECT_EQ(checked(ordinary_parts(), ordinary_parts(), rules).outcome, Outcome::kInconclusive);
}

TEST(Verdict, ACheckThatSeesTooLittleDecidesNothing) {
    CheckRules rules;
    rules.largest_detectable = 0.001;
    EXPECT_EQ(checked(ordinary_parts(), ordinary_parts(), rules).outcome, Outcome::kInconclusive);
}

TEST(Verdict, BudgetsHold) {
    CheckRules rules;
    rules.budgets = {{.function = "f0", .max_share = 0.9},
                     {.function = "f.py:f*", .max_share = 0.05},
                     {.function = "nothing"},
                     {.function = "f1", .self = true, .max_growth = 0.5},
                     {.function = "f0", .max_ms_per_work = 1}};
    const CheckResult result = checked(ordinary_parts(), ordinary_parts(), rules);
    using State = BudgetFinding::State;
    ASSERT_EQ(result.budgets.size(), 5U);
    EXPECT_EQ(result.budgets[0].state, State::kKept);
    EXPECT_EQ(result.budgets[1].state, State::kBroken);
    EXPECT_EQ(result.budgets[2].state, State::kNoFunction);
    EXPECT_EQ(result.budgets[3].state, State::kKept);
    EXPECT_EQ(result.budgets[4].state, State::kBroken);
    EXPECT_EQ(result.outcome, Outcome::kSlower);
    rules.fail_on_budget = false;
    EXPECT_EQ(checked(ordinary_parts(), ordinary_parts(), rules).outcome, Outcome::kPass);
}

TEST(Verdict, AllowancesEnd) {
    CheckRules rules;
    rules.allowances = {{"f1", "2026-11-25", "new parser", std::nullopt}};
    EXPECT_EQ(checked(ordinary_parts(), with_slower(2, 1.25), rules).outcome, Outcome::kPass);
    rules.allowances[0].until = "2026-11-24";
    EXPECT_EQ(checked(ordinary_parts(), with_slower(2, 1.25), rules).outcome, Outcome::kSlower);
    rules.allowances[0] = {"f1", "2027-01-01", "new parser", 0.05};
    EXPECT_EQ(checked(ordinary_parts(), with_slower(2, 1.25), rules).outcome, Outcome::kSlower);
}

TEST(Verdict, IgnoredFunctionsAreSaidButDoNotFail) {
    CheckRules rules;
    rules.ignore = {"f1"};
    const CheckResult result = checked(ordinary_parts(), with_slower(2, 1.25), rules);
    EXPECT_EQ(finding(result, "f1").finding, Finding::kIgnored);
    EXPECT_TRUE(result.slower().empty());
}

TEST(Reports, JsonSaysWhatTheVerdictIs) {
    const CheckResult result = checked(ordinary_parts(), with_slower(2, 1.25));
    const nlohmann::json json = nlohmann::json::parse(report(result, CheckFormat::kJson));
    EXPECT_EQ(json["schema"], "lampyr-check-1");
    EXPECT_EQ(json["exit_status"], 1);
    EXPECT_EQ(json["functions"][1]["name"], "f1");
    EXPECT_EQ(json["functions"][1]["finding"], "slower");
}

TEST(Reports, AnnotationsNameTheLine) {
    const std::string text = report(checked(ordinary_parts(), with_slower(2, 1.25)), CheckFormat::kGithub);
    EXPECT_TRUE(text.starts_with("::error file=lib/f.py,line=20,title=slower::f1 takes +")) << text;
}

TEST(Reports, AnnotationsEscapeWhatWouldAct) {
    std::vector<Part> base = ordinary_parts();
    base[5].name = "a%\r\n::error::b";
    std::vector<Part> now = base;
    now[5].samples *= 1.3;
    const std::string text = report(checked(base, now), CheckFormat::kGithub);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_NE(text.find("a%25"), std::string::npos);
}

TEST(Reports, GitLabIssuesKeepTheirFingerprint) {
    const auto issues = [](double factor) {
        return nlohmann::json::parse(report(checked(ordinary_parts(), with_slower(5, factor)), CheckFormat::kGitlab));
    };
    const nlohmann::json one = issues(1.25);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0]["location"]["path"], "lib/f.py");
    EXPECT_EQ(one[0]["location"]["lines"]["begin"], 50);
    EXPECT_EQ(one[0]["severity"], "major");
    EXPECT_EQ(one[0]["fingerprint"], issues(1.4)[0]["fingerprint"]);
}

TEST(Rules, AreReadFromToml) {
    const Result<CheckRules> rules = parse_rules(R"(
runs = 12
min_effect = 0.05
fail_on = ["budget"]
ignore = ["test_*"]
[[budget]]
function = "app/jobs.py:Queue.*"
max_share = 0.2
[[allow]]
function = "parse"
until = 2026-12-31
reason = "unicode"
[[rename]]
old = "a"
new = "b"
[[path_map]]
old = "/builds/base"
new = "/builds/new"
)",
                                                 "ci.toml");
    ASSERT_TRUE(rules) << to_string(rules.error());
    EXPECT_EQ(rules->runs, 12U);
    EXPECT_EQ(rules->min_effect, 0.05);
    EXPECT_FALSE(rules->fail_on_slower);
    EXPECT_EQ(rules->budgets.at(0).max_share, 0.2);
    EXPECT_EQ(rules->allowances.at(0).until, "2026-12-31");
    EXPECT_EQ(rules->renames.at(0).second, "b");
    EXPECT_EQ(rules->path_maps.at(0).new_prefix, "/builds/new");
}

TEST(Rules, ComplainPlainly) {
    const std::pair<const char*, const char*> cases[] = {
        {"runs = \"ten\"", "x.toml:1: runs has to be a number from 3 to 1000"},
        {"runs = 2", "x.toml:1: runs has to be a number"},
        {"\nmin_efect = 1", "x.toml:2: \"min_efect\" is not known in the file"},
        {"[[budget]]\nfunction = \"f\"", "x.toml:1: a budget without a limit"},
        {"[[budget]]\nmax_share = 0.1", "x.toml:1: function is missing"},
        {"[[allow]]\nfunction = \"f\"\nreason = \"r\"\nuntil = \"soon\"", "x.toml:4: until has to be a date"},
        {"[[allow]]\nfunction = \"f\"\nuntil = 2026-01-01", "x.toml:1: reason is missing"},
        {"fail_on = [\"rain\"]", "fail_on cannot be \"rain\""},
        {"ignore = \"f\"", "ignore has to be a list of texts"},
        {"a = = 1", "x.toml:1: this is no TOML"},
    };
    for (const auto& [toml, words] : cases) {
        const Result<CheckRules> rules = parse_rules(toml, "x.toml");
        ASSERT_FALSE(rules) << toml;
        EXPECT_EQ(rules.error().code, ErrorCode::kUsage);
        EXPECT_NE(rules.error().message.find(words), std::string::npos) << rules.error().message;
    }
}

TEST(SelfTest, SplitsOfEqualRunsSeldomAlarm) {
    const Result<SelfTest> result = self_test(Program(ordinary_parts()).side(30, 0.02, 21), {}, 300);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->trials, 300U);
    EXPECT_LE(result->alarms, 3U);
    EXPECT_FALSE(self_test(Program(ordinary_parts()).side(5, 0.02, 21), {}, 300));
}

TEST(Plan, SmallerFunctionsNeedMoreRuns) {
    const Result<std::string> text = plan_text(Program(ordinary_parts()).side(10, 0.02, 22), {});
    ASSERT_TRUE(text);
    EXPECT_NE(text->find("the whole program"), std::string::npos);
    EXPECT_NE(text->find("  f0\n"), std::string::npos) << *text;
    EXPECT_FALSE(plan_text(Program(ordinary_parts()).side(3, 0.02, 22), {}));
}

}  // namespace
}  // namespace lampyr::check
