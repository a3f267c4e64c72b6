// SPDX-License-Identifier: MIT
#include "two_versions.hpp"

#include "../export/string_sink.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr::check {
namespace {

using test::find;
using test::ordinary_parts;
using test::Part;
using test::Program;

Comparison compared(const std::vector<Part>& base, const std::vector<Part>& now, const CompareOptions& options = {}) {
    Result<Comparison> comparison = compare(Program(base).side(1, 0, 1), Program(now).side(1, 0, 2), options);
    EXPECT_TRUE(comparison);
    return *comparison;
}

TEST(Matching, LinesDecideNothing) {
    std::vector<Part> now = ordinary_parts();
    for (Part& part : now) part.line += 100;
    const Comparison comparison = compared(ordinary_parts(), now);
    EXPECT_EQ(comparison.functions.size(), 13U);
    for (const FunctionChange& function : comparison.functions) {
        EXPECT_EQ(function.match, MatchKind::kSame);
        EXPECT_NEAR(function.self.share.now, function.self.share.base, 1e-9);
    }
    EXPECT_EQ(find(comparison, "f3")->line, 140U) << "the new line is shown";
}

TEST(Matching, CheckoutsMayLieAnywhere) {
    const Comparison comparison = compared(ordinary_parts("/builds/1/base/app/"), ordinary_parts("/tmp/x/app/"));
    EXPECT_EQ(comparison.functions.size(), 13U);
    for (const FunctionChange& function : comparison.functions) EXPECT_EQ(function.match, MatchKind::kPath);
}

TEST(Matching, InstalledPackagesAndTheStandardLibraryAreTheSameEverywhere) {
    const auto parts = [](const std::string& environment) {
        return std::vector<Part>{{"get", environment + "/lib/python3.12/site-packages/requests/api.py"},
                                 {"loads", environment + "/lib/python3.12/json/__init__.py"}};
    };
    const Comparison comparison = compared(parts("/venv"), parts("/usr"));
    ASSERT_EQ(comparison.functions.size(), 2U);
    for (const FunctionChange& function : comparison.functions) EXPECT_EQ(function.match, MatchKind::kSame);
}

TEST(Matching, FilesOfOneNameAreToldApartByTheirDirectories) {
    const auto parts = [](const std::string& root) {
        return std::vector<Part>{{"load", root + "a/__init__.py", 1, "", 300},
                                 {"load", root + "b/__init__.py", 1, "", 100},
                                 {"main", root + "main.py"}};
    };
    const Comparison comparison = compared(parts("/old/"), parts("/new/"));
    ASSERT_EQ(comparison.functions.size(), 3U);
    for (const FunctionChange& function : comparison.functions)
        EXPECT_NEAR(function.self.share.now, function.self.share.base, 1e-9) << function.full_file;
}

TEST(Matching, AMovedFunctionIsFound) {
    std::vector<Part> now = ordinary_parts();
    now[3].file = "/home/me/app/lib/other.py";
    const Comparison comparison = compared(ordinary_parts(), now);
    EXPECT_EQ(comparison.functions.size(), 13U);
    EXPECT_EQ(find(comparison, "f2")->match, MatchKind::kMoved);
    EXPECT_EQ(find(comparison, "f2")->base_file, "f.py");
}

TEST(Matching, ARenamedFunctionIsFoundByItsPlace) {
    std::vector<Part> base = ordinary_parts();
    base.push_back({"inner", "/home/me/app/lib/f.py", 500, "f2", 150});
    std::vector<Part> now = base;
    now[3].name = "fetch";
    now.back().caller = "fetch";
    const Comparison comparison = compared(base, now);
    EXPECT_EQ(comparison.functions.size(), base.size());
    const FunctionChange* found = find(comparison, "fetch");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->match, MatchKind::kRenamed);
    EXPECT_EQ(found->base_name, "f2");
}

TEST(Matching, ARenameThatWasNamedIsBelieved) {
    std::vector<Part> now = ordinary_parts();
    now[1].name = "quite_other";
    now[1].file = "/home/me/app/z.py";
    now[1].samples *= 9;
    const Comparison comparison = compared(ordinary_parts(), now, {.renames = {{"lib/f.py:f0", "quite_other"}}});
    EXPECT_EQ(find(comparison, "quite_other")->match, MatchKind::kAsked);
}

TEST(Matching, LambdasGoByTheirOrder) {
    const auto parts = [](std::uint32_t shift) {
        return std::vector<Part>{{"<lambda>", "/a/m.py", 10 + shift, "", 300},
                                 {"<lambda>", "/a/m.py", 20 + shift, "", 100}};
    };
    const Comparison comparison = compared(parts(0), parts(57));
    ASSERT_EQ(comparison.functions.size(), 2U);
    for (const FunctionChange& function : comparison.functions)
        EXPECT_NEAR(function.self.share.now, function.self.share.base, 1e-9);
}

TEST(Matching, WhatCannotBeToldApartIsOneFunction) {
    const Comparison comparison = compared({{"<lambda>", "/a/m.py", 10, "", 300}, {"<lambda>", "/a/m.py", 20, "", 100}},
                                           {{"<lambda>", "/a/m.py", 10, "", 400}});
    ASSERT_EQ(comparison.functions.size(), 1U);
    EXPECT_NEAR(comparison.functions[0].self.share.base, 1, 1e-9);
}

TEST(Matching, NewAndGoneAreSaid) {
    std::vector<Part> now = ordinary_parts();
    now[2] = {"brand_new", "/home/me/app/brand.py", 3, "", 1000};
    const Comparison comparison = compared(ordinary_parts(), now);
    EXPECT_EQ(find(comparison, "brand_new")->match, MatchKind::kOnlyNew);
    EXPECT_EQ(find(comparison, "f1")->match, MatchKind::kOnlyBase);
}

TEST(Comparing, RecursionCountsOnce) {
    lampyr::test::ProfileDraft draft;
    const ThreadId thread = draft.thread(draft.process(1), 1);
    const FrameId walk = draft.frame("walk", "/a.py", 1);
    draft.sample(thread, draft.stack({walk, walk, walk}), 0, 30);
    draft.sample(thread, draft.stack({walk}), 0, 10);
    const Profile profile = draft.finish();
    ProfileSide base;
    ProfileSide now;
    base.add(profile, {"a", 0, 1});
    now.add(profile, {"b", 0, 1});
    const Result<Comparison> comparison = compare(base, now);
    ASSERT_TRUE(comparison);
    EXPECT_NEAR(comparison->functions[0].total.share.base, 1, 1e-9);
    EXPECT_NEAR(comparison->functions[0].total.base_ns, 40e6, 1);
}

TEST(Comparing, SharesOfPathsAddUp) {
    std::vector<Part> now = ordinary_parts();
    now[2].samples = 0;
    now.push_back({"brand_new", "/home/me/app/brand.py", 3, "f0", 1000});
    const Comparison comparison = compared(ordinary_parts(), now);
    double base = 0;
    double after = 0;
    for (const PathChange& path : comparison.paths) {
        base += path.base_self;
        after += path.now_self;
    }
    EXPECT_NEAR(base, 1, 1e-9);
    EXPECT_NEAR(after, 1, 1e-9);
    EXPECT_NEAR(comparison.paths[0].base_total, 1, 1e-9);
}

TEST(Comparing, OneRunASideHasNoIntervals) {
    const Comparison comparison = compared(ordinary_parts(), ordinary_parts());
    EXPECT_FALSE(comparison.has_intervals());
    for (const FunctionChange& function : comparison.functions)
        EXPECT_FALSE(function.self.time || function.self.share.low);
    lampyr::test::StringSink sink;
    ASSERT_TRUE(write_diff(comparison, DiffFormat::kText, {}, sink));
    EXPECT_NE(sink.text.find("No error bars"), std::string::npos);
}

TEST(Comparing, SeveralRunsHaveIntervalsThatHoldTheTruth) {
    std::vector<Part> now = ordinary_parts();
    now[1].samples *= 1.2;
    const Result<Comparison> comparison =
        compare(Program(ordinary_parts()).side(8, 0.01, 3), Program(now).side(8, 0.01, 4));
    ASSERT_TRUE(comparison);
    const FunctionChange* slower = find(*comparison, "f0");
    ASSERT_TRUE(slower->self.time);
    EXPECT_LT(slower->self.time->low(), 0.2);
    EXPECT_GT(slower->self.time->high(), 0.2);
    EXPECT_TRUE(slower->self.significant.slower);
    ASSERT_TRUE(slower->self.share.low);
    EXPECT_GT(*slower->self.share.low, 0);
}

TEST(Comparing, ReportsAreReproducible) {
    std::vector<Part> now = ordinary_parts();
    now[1].samples *= 1.2;
    const auto report = [&](DiffFormat format) {
        const Result<Comparison> comparison =
            compare(Program(ordinary_parts()).side(3, 0.02, 5), Program(now).side(3, 0.02, 6));
        lampyr::test::StringSink sink;
        EXPECT_TRUE(write_diff(*comparison, format, {}, sink));
        return sink.text;
    };
    for (const DiffFormat format : {DiffFormat::kText, DiffFormat::kMarkdown, DiffFormat::kJson, DiffFormat::kSvg}) {
        const std::string first = report(format);
        EXPECT_GT(first.size(), 300U);
        EXPECT_EQ(first, report(format));
    }
}

TEST(Comparing, ThePictureShowsWhatVanishedAndWhatIsNew) {
    std::vector<Part> now = ordinary_parts();
    now[2] = {"brand_new", "/home/me/app/brand.py", 3, "", 1000};
    lampyr::test::StringSink sink;
    ASSERT_TRUE(write_diff(compared(ordinary_parts(), now), DiffFormat::kSvg, {}, sink));
    EXPECT_NE(sink.text.find("✚ brand_new"), std::string::npos);
    EXPECT_NE(sink.text.find("✖ f1"), std::string::npos);
    EXPECT_NE(sink.text.find("base -&gt; new"), std::string::npos) << "the sides are named";
}

TEST(Comparing, NamesDoNotActInReports) {
    const std::vector<Part> hostile{{"</text><script>x</script>|`\x1b[31m", "/a.py", 1, "", 500}};
    const Comparison comparison = compared(hostile, hostile);
    for (const DiffFormat format : {DiffFormat::kText, DiffFormat::kMarkdown, DiffFormat::kJson, DiffFormat::kSvg}) {
        lampyr::test::StringSink sink;
        ASSERT_TRUE(write_diff(comparison, format, {}, sink));
        EXPECT_EQ(sink.text.find('\x1b'), std::string::npos);
        if (format == DiffFormat::kText) continue;
        EXPECT_EQ(sink.text.find("</text><script>x"), std::string::npos);
    }
}

TEST(Comparing, ASideWithoutSamplesIsRefused) {
    ProfileSide base;
    base.add(Profile{}, {"empty.lampyr", 0, 1});
    const Result<Comparison> comparison = compare(base, Program(ordinary_parts()).side(1, 0, 1));
    ASSERT_FALSE(comparison);
    EXPECT_NE(comparison.error().message.find("empty.lampyr"), std::string::npos);
}

}  // namespace
}  // namespace lampyr::check
