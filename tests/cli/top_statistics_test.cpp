// SPDX-License-Identifier: MIT
#include "top/statistics.hpp"

#include "top_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace lampyr::tool {
namespace {

using std::chrono::milliseconds;

const TopRow& row(const Table& table, const std::string& label) {
    for (const TopRow& row : table.rows)
        if (row.label == label) return row;
    ADD_FAILURE() << "no row " << label;
    static const TopRow none;
    return none;
}

/// main calls work; work calls itself once and then leaf.
struct Recursion {
    TopData data;
    LiveProfile live;
    StackId main, work, again, leaf;
    Recursion() {
        main = data.stack(kEmptyStack, data.frame("main", 10));
        work = data.stack(main, data.frame("work", 20));
        again = data.stack(work, data.frame("work", 21));
        leaf = data.stack(again, data.frame("leaf", 30));
        data.sample(ThreadId(0), main, 100);
        data.sample(ThreadId(0), work, 200);
        data.sample(ThreadId(0), leaf, 700);
        data.cut(live, 1000);
        live.end_window();
    }
};

TEST(TopStatistics, AStackCountsOnceForAFunctionThatRecurs) {
    const Recursion made;
    const Table table = make_table(made.live, {});
    EXPECT_EQ(row(table, "main (app.py:1)").all.total, milliseconds(1000));
    EXPECT_EQ(row(table, "work (app.py:1)").all.total, milliseconds(900));
    EXPECT_EQ(row(table, "work (app.py:1)").all.self, milliseconds(200));
    EXPECT_EQ(row(table, "leaf (app.py:1)").all.self, milliseconds(700));
    EXPECT_EQ(table.sampled_all, milliseconds(1000));
}

TEST(TopStatistics, SelfTimesAddUpToAllThatWasSampled) {
    const Recursion made;
    for (const RowKind kind : {RowKind::kFunction, RowKind::kLine, RowKind::kThread, RowKind::kProcess}) {
        TableRequest request;
        request.rows = kind;
        const Table table = make_table(made.live, request);
        const auto sum = std::accumulate(table.rows.begin(), table.rows.end(), std::chrono::nanoseconds(0),
                                         [](auto so_far, const TopRow& row) { return so_far + row.all.self; });
        EXPECT_EQ(sum, milliseconds(1000)) << static_cast<int>(kind);
    }
}

TEST(TopStatistics, LinesAreRowsOfTheirOwn) {
    const Recursion made;
    TableRequest request;
    request.rows = RowKind::kLine;
    const Table table = make_table(made.live, request);
    EXPECT_EQ(row(table, "work (app.py:20)").all.total, milliseconds(900));
    EXPECT_EQ(row(table, "work (app.py:21)").all.total, milliseconds(700));
    EXPECT_EQ(row(table, "work (app.py:21)").all.self, milliseconds(0));
}

TEST(TopStatistics, CallersAndCalleesOfTheOpenedRowAddUp) {
    const Recursion made;
    TableRequest request;
    request.opened = row(make_table(made.live, {}), "work (app.py:1)").key;
    const Table table = make_table(made.live, request);
    ASSERT_EQ(table.neighbours.size(), 3U);
    EXPECT_TRUE(table.neighbours[0].caller);
    EXPECT_EQ(table.neighbours[0].label, "main (app.py:1)");
    EXPECT_EQ(table.neighbours[0].all, milliseconds(900));
    // Called by itself for 700 ms, all of which went on to the leaf.
    for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
        EXPECT_FALSE(table.neighbours[i].caller);
        EXPECT_EQ(table.neighbours[i].all, milliseconds(700));
    }
}

TEST(TopStatistics, OnlyOneThreadOrProcess) {
    Recursion made;
    made.data.process(200, "python3 worker.py");
    const ThreadId other = made.data.thread(1, 201, "worker");
    made.data.sample(other, made.leaf, 50);
    made.data.cut(made.live, 1100);
    TableRequest request;
    request.thread = other;
    EXPECT_EQ(row(make_table(made.live, request), "leaf (app.py:1)").all.self, milliseconds(50));
    request = {};
    request.process = ProcessId(1);
    EXPECT_EQ(row(make_table(made.live, request), "main (app.py:1)").all.total, milliseconds(50));
    request = {};
    request.rows = RowKind::kProcess;
    EXPECT_EQ(row(make_table(made.live, request), "process 200: python3 worker.py").all.self, milliseconds(50));
    request.rows = RowKind::kThread;
    EXPECT_EQ(row(make_table(made.live, request), "thread 201: worker (process 200)").all.self, milliseconds(50));
}

TEST(TopStatistics, AWindowHoldsWhatCameInIt) {
    Recursion made;
    const std::uint64_t late = made.data.sample(ThreadId(0), made.work, 30);
    made.data.cut(made.live, 1500);
    made.live.end_window();
    EXPECT_EQ(made.live.window(), milliseconds(500));
    EXPECT_EQ(row(make_table(made.live, {}), "work (app.py:1)").now.self, milliseconds(30));
    made.data.grow(late, 2, 40);
    made.data.cut(made.live, 1700);
    made.live.end_window();
    EXPECT_EQ(row(make_table(made.live, {}), "work (app.py:1)").now.self, milliseconds(40));
    EXPECT_EQ(row(make_table(made.live, {}), "work (app.py:1)").all.self, milliseconds(270));
}

TEST(TopStatistics, ARowThatTurnsOutToBeAnotherStacksMoves) {
    Recursion made;
    const std::uint64_t moved = made.data.sample(ThreadId(0), made.leaf, 60);
    made.data.cut(made.live, 1100);
    made.data.grow(moved, 0, 0, made.main);
    made.data.cut(made.live, 1200);
    EXPECT_EQ(row(make_table(made.live, {}), "leaf (app.py:1)").all.self, milliseconds(700));
    EXPECT_EQ(row(make_table(made.live, {}), "main (app.py:1)").all.self, milliseconds(160));
}

TEST(TopStatistics, ASettledRowIsForgottenAndItsTimeStays) {
    Recursion made;
    made.data.settled(0);
    made.data.cut(made.live, 1100);
    made.data.grow(0, 1, 1000);
    made.data.cut(made.live, 1200);
    EXPECT_EQ(row(make_table(made.live, {}), "main (app.py:1)").all.self, milliseconds(100));
}

TEST(TopStatistics, AResetIsForTheScreenNotForTheFile) {
    Recursion made;
    made.live.reset();
    EXPECT_TRUE(make_table(made.live, {}).rows.empty());
    made.data.sample(ThreadId(0), made.leaf, 25);
    made.data.cut(made.live, 1250);
    EXPECT_EQ(made.live.since_reset(), milliseconds(250));
    EXPECT_EQ(row(make_table(made.live, {}), "leaf (app.py:1)").all.self, milliseconds(25));
    std::chrono::nanoseconds all{0};
    for (const Sample& sample : made.live.profile().samples) all += sample.weight;
    EXPECT_EQ(all, milliseconds(1025));
    EXPECT_EQ(made.live.profile().info.stacks, 4U);
}

TEST(TopStatistics, SortingIsByTheColumnThenStable) {
    const Recursion made;
    std::vector<TopRow> rows = make_table(made.live, {}).rows;
    sort_rows(rows, SortKey::kSelfAll);
    EXPECT_EQ(rows.front().label, "leaf (app.py:1)");
    sort_rows(rows, SortKey::kTotalNow);
    EXPECT_EQ(rows.front().label, "main (app.py:1)");
    sort_rows(rows, SortKey::kName);
    EXPECT_EQ(rows.back().label, "work (app.py:1)");
}

TEST(TopStatistics, FilterIsSmartAboutCapitals) {
    const Recursion made;
    std::vector<TopRow> rows = make_table(made.live, {}).rows;
    EXPECT_EQ(filter_rows(rows, "LEAF"), std::nullopt);
    EXPECT_TRUE(rows.empty());
    rows = make_table(made.live, {}).rows;
    rows.front().label = "Main";
    EXPECT_EQ(filter_rows(rows, "^main|leaf"), std::nullopt);
    EXPECT_EQ(rows.size(), 2U);
    EXPECT_NE(filter_rows(rows, "("), std::nullopt);
    EXPECT_EQ(rows.size(), 2U) << "a bad expression takes nothing away";
}

}  // namespace
}  // namespace lampyr::tool
