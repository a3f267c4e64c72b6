// SPDX-License-Identifier: MIT
#include "top/screen.hpp"
#include "top/stream.hpp"
#include "top/text_width.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <clocale>

namespace lampyr::tool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TopScreen : public ::testing::Test {
  protected:
    void SetUp() override {
        std::setlocale(LC_CTYPE, "C.UTF-8");
        facts.who = "process 42 (Python 3.13.0): python3 app.py";
        facts.elapsed = seconds(12);
        facts.window = seconds(1);
        facts.since = seconds(10);
        facts.rate_asked_hz = facts.rate_got_hz = 100;
        facts.threads = 3;
        facts.processes = 1;
        for (std::uint64_t i = 0; i < 50; ++i)
            table.rows.push_back({i,
                                  "function_" + std::to_string(i) + " (app.py:1)",
                                  FunctionKind::kProject,
                                  {milliseconds(500 - 10 * i), milliseconds(1000 - 10 * i)},
                                  {seconds(4), seconds(8)}});
    }
    static std::string text(const ScreenLine& line) {
        std::string all;
        for (const Piece& piece : line) all += piece.text;
        return all;
    }
    static void expect_printable(const std::string& words) {
        for (const char c : words) {
            const auto byte = static_cast<unsigned char>(c);
            EXPECT_TRUE(byte >= 0x20 || c == '\n') << static_cast<int>(byte);
        }
    }
    std::string whole(ScreenSize shown) {
        settle(view, table, table_lines(shown));
        std::string all;
        for (const ScreenLine& line : make_screen(facts, table, view, shown)) all += text(line) + "\n";
        return all;
    }
    void type(std::string_view keys) {
        for (const char key : keys) press_key(key_of(static_cast<char32_t>(key)));
    }
    Action press_key(Key key) {
        const Action action = press(view, key, table.rows, table_lines(size));
        settle(view, table, table_lines(size));
        return action;
    }
    TopFacts facts;
    Table table;
    View view;
    ScreenSize size{100, 24};
};

TEST_F(TopScreen, FitsEverySize) {
    facts.who = std::string(300, 'x');
    table.rows[0].label = std::string(50, '\xE4') + "\xE6\x97\xA5\xE6\x9C\xAC" + std::string(500, 'y');
    table.neighbours = {{"caller (x.py:1)", true, {}, {}}, {std::string(200, 'z'), false, {}, {}}};
    for (const bool help : {false, true}) {
        view.help = help;
        view.request.opened = help ? std::nullopt : std::optional<std::uint64_t>(0);
        for (std::size_t columns = 1; columns <= 200; columns += columns < 60 ? 1 : 7) {
            for (std::size_t rows = 1; rows <= 60; rows += rows < 14 ? 1 : 5) {
                settle(view, table, table_lines({columns, rows}));
                const auto screen = make_screen(facts, table, view, {columns, rows});
                ASSERT_EQ(screen.size(), rows);
                for (const ScreenLine& line : screen)
                    ASSERT_LE(display_width(text(line)), columns) << columns << "x" << rows << ": " << text(line);
            }
        }
    }
}

TEST_F(TopScreen, ShowsNowAndSinceTheStart) {
    const std::string screen = whole(size);
    EXPECT_NE(screen.find("process 42"), std::string::npos);
    EXPECT_NE(screen.find("50.0%  100.0%     40.0%     80.0%     4.00s function_0 (app.py:1)"), std::string::npos)
        << screen;
}

TEST_F(TopScreen, NoNameReachesTheTerminalUnescaped) {
    facts.who = "evil\x1b[2J\x9b";
    table.rows[0].label = "a\x1b]52;c;\x07\nb\xE2\x80\xAE";
    table.neighbours = {{"\x1b[31m", true, {}, {}}};
    view.request.opened = 0;
    view.message = "wrote \x1b[1m";
    view.only = "\x1b";
    const std::string screen = whole(size);
    expect_printable(screen);
    EXPECT_NE(screen.find("\\x1b"), std::string::npos);
    for (const StreamFormat format : {StreamFormat::kText, StreamFormat::kJson, StreamFormat::kCsv})
        expect_printable(stream_table(format, facts, table, RowKind::kFunction));
}

TEST_F(TopScreen, TheBarMovesAndTheTableScrolls) {
    EXPECT_EQ(view.place, 0U);
    press_key(Key::kDown);
    press_key(Key::kDown);
    EXPECT_EQ(view.place, 2U);
    press_key(Key::kEnd);
    EXPECT_EQ(view.place, 49U);
    EXPECT_NE(whole(size).find("function_49"), std::string::npos);
    EXPECT_EQ(whole(size).find("function_0 "), std::string::npos);
    press_key(Key::kPageUp);
    EXPECT_EQ(view.place, 49U - (table_lines(size) - 1));
    press_key(Key::kHome);
    EXPECT_NE(whole(size).find("function_0 "), std::string::npos);
    press_key(Key::kUp);
    EXPECT_EQ(view.place, 0U);
}

TEST_F(TopScreen, TheBarStaysOnItsRowWhenThatMoves) {
    press_key(Key::kDown);
    std::swap(table.rows[1], table.rows[20]);
    settle(view, table, table_lines(size));
    EXPECT_EQ(view.place, 20U);
    table.rows.erase(table.rows.begin() + 20, table.rows.end());
    settle(view, table, table_lines(size));
    EXPECT_EQ(view.place, 19U);
}

TEST_F(TopScreen, AnOpenedRowShowsItsNeighboursBelowIt) {
    table.neighbours = {{"caller_a (x.py:1)", true, milliseconds(250), seconds(2)},
                        {"callee_b (y.py:2)", false, milliseconds(100), seconds(1)}};
    press_key(Key::kDown);
    press_key(Key::kEnter);
    const std::string screen = whole(size);
    const std::size_t row = screen.find("function_1 "), caller = screen.find("called by caller_a"),
                      callee = screen.find("calls callee_b"), next = screen.find("function_2 ");
    EXPECT_LT(row, caller);
    EXPECT_LT(caller, callee);
    EXPECT_LT(callee, next);
    press_key(Key::kEscape);
    EXPECT_EQ(whole(size).find("called by"), std::string::npos);
}

TEST_F(TopScreen, FilterIsTypedAndTakenBack) {
    type("/wo");
    EXPECT_NE(whole(size).find("filter: wo_"), std::string::npos);
    press_key(Key::kBackspace);
    type("x q");  // letters are no commands now
    press_key(Key::kEnter);
    EXPECT_EQ(view.filter, "wx q");
    type("/");
    press_key(Key::kEscape);
    EXPECT_EQ(view.filter, "wx q");
    press_key(Key::kEscape);
    EXPECT_EQ(view.filter, "");
}

TEST_F(TopScreen, KeysAskForWhatTheySay) {
    EXPECT_EQ(press_key(key_of(U'q')), Action::kQuit);
    EXPECT_EQ(press_key(key_of(U'r')), Action::kReset);
    EXPECT_EQ(press_key(key_of(U'w')), Action::kWrite);
    EXPECT_EQ(press_key(key_of(U' ')), Action::kPause);
    type("4");
    EXPECT_EQ(view.sort, SortKey::kTotalAll);
    type("l");
    EXPECT_EQ(view.request.rows, RowKind::kLine);
    type("t");
    EXPECT_EQ(view.request.rows, RowKind::kThread);
    press_key(Key::kEnter);
    EXPECT_EQ(view.request.thread, ThreadId(0));
    EXPECT_EQ(view.request.rows, RowKind::kLine);
    type("a");
    EXPECT_EQ(view.request.thread, std::nullopt);
    type("++");
    EXPECT_EQ(view.delay, milliseconds(250));
    type("----");
    EXPECT_EQ(view.delay, milliseconds(5000));
    type("h");
    EXPECT_NE(whole(size).find("reset: count anew"), std::string::npos);
    type("x");
    EXPECT_FALSE(view.help);
}

TEST_F(TopScreen, SaysWhyThereIsNothing) {
    table.rows.clear();
    facts.starting = true;
    EXPECT_NE(whole(size).find("no Python process yet"), std::string::npos);
    facts.starting = false;
    facts.idle = 2;
    EXPECT_NE(whole(size).find("all threads are idle"), std::string::npos);
    view.filter = "nope";
    EXPECT_NE(whole(size).find("nothing matches"), std::string::npos);
    facts.ended = "the program has ended; q leaves";
    EXPECT_NE(whole(size).find("the program has ended"), std::string::npos);
}

TEST_F(TopScreen, StreamsHoldTheSameFigures) {
    table.rows.resize(1);
    table.rows[0].label = "=name \"x\" (a.py:1)";
    const auto json = nlohmann::json::parse(stream_table(StreamFormat::kJson, facts, table, RowKind::kLine));
    EXPECT_EQ(json["rows"][0]["label"], "=name \"x\" (a.py:1)");
    EXPECT_DOUBLE_EQ(json["rows"][0]["self"], 0.5);
    EXPECT_DOUBLE_EQ(json["rows"][0]["all_total"], 0.8);
    EXPECT_EQ(json["by"], "line");
    EXPECT_EQ(stream_table(StreamFormat::kCsv, facts, table, RowKind::kLine),
              "12.000,line,0.5000,1.0000,0.4000,0.8000,4.000,\"'=name \"\"x\"\" (a.py:1)\"\n");
    EXPECT_NE(stream_table(StreamFormat::kText, facts, table, RowKind::kLine).find("50.0%   100.0%"),
              std::string::npos);
}

TEST(TopRates, AreOfTheTimeBetweenTwoLooks) {
    Rates rates;
    TopFacts facts;
    SamplerProgress now;
    now.elapsed = std::chrono::seconds(10);
    now.ticks = now.sweeps = 1000;
    now.gil_held = 1000;
    now.usage = {{Pid(5), std::chrono::seconds(10), 1000, 2}};
    rates.look(now, facts);
    now.elapsed += std::chrono::seconds(2);
    now.ticks += 180;
    now.sweeps += 180;
    now.gil_held += 90;
    now.active_stacks += 270;
    now.idle_stacks += 90;
    now.gil_waiting += 45;
    now.usage = {{Pid(5), std::chrono::seconds(11), 3000, 2}, {Pid(6), std::chrono::seconds(99), 4000, 1}};
    rates.look(now, facts);
    EXPECT_DOUBLE_EQ(facts.rate_got_hz, 90);
    EXPECT_DOUBLE_EQ(facts.gil_held, 0.5);
    EXPECT_DOUBLE_EQ(facts.active, 1.5);
    EXPECT_DOUBLE_EQ(facts.idle, 0.5);
    EXPECT_DOUBLE_EQ(facts.gil_wait, 0.25);
    EXPECT_DOUBLE_EQ(facts.cpu, 0.5) << "a process that has just come has used its CPU time before";
    EXPECT_EQ(facts.rss_bytes, 7000U);
}

TEST(TopText, IsCutByColumnsNotBytes) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    EXPECT_EQ(display_width("\xE6\x97\xA5\xE6\x9C\xAC"), 4U);
    EXPECT_EQ(cut_to_width("\xE6\x97\xA5\xE6\x9C\xAC", 4), "\xE6\x97\xA5\xE6\x9C\xAC");
    EXPECT_EQ(cut_to_width("\xE6\x97\xA5\xE6\x9C\xAC!", 4), "...");
    EXPECT_EQ(cut_to_width("abcdef", 5), "ab...");
    EXPECT_EQ(cut_to_width("abcdef", 2), "..");
    EXPECT_EQ(cut_to_width("abc", 0), "");
}

}  // namespace
}  // namespace lampyr::tool
