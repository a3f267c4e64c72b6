// SPDX-License-Identifier: MIT
#include "top/screen.hpp"

#include "figures.hpp"
#include "top/text_width.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lampyr::tool {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kHeadLines = 3;
/// Below this there is no room for a head and a foot.
constexpr std::size_t kFullRows = 10;
constexpr std::size_t kHeadedRows = 4;

struct Layout {
    std::size_t head = 0;
    bool title = false;
    bool foot = false;
    std::size_t body = 0;
};

Layout layout_of(ScreenSize size) {
    Layout layout;
    layout.head = size.rows >= kFullRows ? kHeadLines : size.rows >= kHeadedRows ? 1 : 0;
    layout.title = size.rows >= kHeadedRows;
    layout.foot = size.rows >= kHeadedRows + 1;
    const std::size_t used = layout.head + (layout.title ? 1 : 0) + (layout.foot ? 1 : 0);
    layout.body = size.rows > used ? size.rows - used : 0;
    return layout;
}

std::string percent(nanoseconds part, nanoseconds whole) {
    if (whole.count() <= 0) return "-";
    const double value = 100 * static_cast<double>(part.count()) / static_cast<double>(whole.count());
    return value >= 999.5 ? fmt::format("{:.0f}%", value) : fmt::format("{:.1f}%", value);
}

std::string clock_time(nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (std::fabs(seconds) < 999.995) return fmt::format("{:.2f}s", seconds);
    if (seconds < 99999.95) return fmt::format("{:.1f}s", seconds);
    return fmt::format("{:.0f}m", seconds / 60);
}

/// The columns of figures that fit beside a label worth reading.
struct Column {
    std::string_view title;
    std::size_t width;
    SortKey sort;
};
constexpr std::array kColumns{
    Column{"self", 8, SortKey::kSelfNow},      Column{"total", 8, SortKey::kTotalNow},
    Column{"all self", 10, SortKey::kSelfAll}, Column{"all total", 10, SortKey::kTotalAll},
    Column{"time", 10, SortKey::kSelfAll},
};
constexpr std::size_t kLabelWanted = 24;

std::size_t columns_that_fit(std::size_t width) {
    std::size_t used = 0, count = 0;
    for (const Column& column : kColumns) {
        if (used + column.width + (count < 2 ? 8 : kLabelWanted) > width) break;
        used += column.width;
        ++count;
    }
    return count;
}

std::string figures_of(const Times& now, const Times& all, const TopFacts& facts, std::size_t columns) {
    const std::array<std::string, kColumns.size()> texts{
        percent(now.self, facts.window), percent(now.total, facts.window), percent(all.self, facts.since),
        percent(all.total, facts.since), clock_time(all.self)};
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) line += fmt::format("{:>{}}", texts[i], kColumns[i].width - 1) + " ";
    return line;
}

std::string_view label_title(RowKind rows) {
    switch (rows) {
        case RowKind::kFunction: return "function (file:first line)";
        case RowKind::kLine: return "function (file:line)";
        case RowKind::kThread: return "thread";
        case RowKind::kProcess: return "process";
    }
    return "";
}

ScreenLine title_line(const View& view, std::size_t width) {
    ScreenLine line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < columns_that_fit(width); ++i) {
        const Column& column = kColumns[i];
        const bool sorted = column.sort == view.sort && column.title != "time";
        line.push_back({fmt::format("{:>{}}{}", column.title, column.width - 1, sorted ? "v" : " "),
                        sorted ? Style::kStrong : Style::kTitle});
        used += column.width;
    }
    std::string label = fitted(label_title(view.request.rows), width - used);
    label.resize(label.size() + (width - used - display_width(label)), ' ');
    line.push_back({std::move(label), Style::kTitle});
    return line;
}

Style style_of(FunctionKind kind) {
    switch (kind) {
        case FunctionKind::kProject: return Style::kStrong;
        case FunctionKind::kSitePackages: return Style::kLibrary;
        case FunctionKind::kStandardLibrary: return Style::kStandard;
        case FunctionKind::kNative: return Style::kPlain;
        case FunctionKind::kInterpreter: return Style::kDim;
        case FunctionKind::kMarker: return Style::kMarker;
    }
    return Style::kPlain;
}

ScreenLine row_line(const TopRow& row, const TopFacts& facts, bool selected, std::size_t width) {
    std::string figures = figures_of(row.now, row.all, facts, columns_that_fit(width));
    std::string label = fitted(row.label, width - std::min(width, figures.size()));
    if (!selected) return {{std::move(figures), Style::kPlain}, {std::move(label), style_of(row.kind)}};
    label.resize(label.size() + (width - std::min(width, figures.size() + display_width(label))), ' ');
    return {{figures + label, Style::kBar}};
}

/// Only totals: how much of the row's time came from this caller or went to this callee.
ScreenLine neighbour_line(const Neighbour& neighbour, const TopFacts& facts, std::size_t width) {
    const std::size_t columns = columns_that_fit(width);
    const std::array<std::string, kColumns.size()> texts{"", percent(neighbour.now, facts.window), "",
                                                         percent(neighbour.all, facts.since), ""};
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) line += fmt::format("{:>{}}", texts[i], kColumns[i].width - 1) + " ";
    const std::string mark = neighbour.caller ? "  called by " : "  calls ";
    line += mark;
    if (line.size() >= width) return {{fitted(line, width), Style::kDim}};
    return {{line, Style::kDim}, {fitted(neighbour.label, width - line.size()), Style::kPlain}};
}

void add_body(std::vector<ScreenLine>& screen, const TopFacts& facts, const Table& table, const View& view,
              std::size_t body, std::size_t width) {
    std::size_t line = 0;
    const std::size_t end = view.scroll + body;
    const auto visible = [&] { return line >= view.scroll && line < end; };
    for (std::size_t i = 0; i < table.rows.size() && line < end; ++i) {
        if (visible()) screen.push_back(row_line(table.rows[i], facts, i == view.place, width));
        ++line;
        if (view.request.opened != table.rows[i].key) continue;
        for (const Neighbour& neighbour : table.neighbours) {
            if (visible()) screen.push_back(neighbour_line(neighbour, facts, width));
            ++line;
        }
    }
    if (!table.rows.empty() || body == 0) return;
    const std::string_view why = facts.starting         ? "no Python process yet"
                                 : !view.filter.empty() ? "nothing matches the filter (Esc clears it)"
                                 : facts.idle > 0 && !facts.idle_included
                                     ? "all threads are idle; start with -i to see where they wait"
                                     : "no samples yet";
    screen.push_back({{fitted(why, width), Style::kDim}});
}

constexpr std::array<std::string_view, 18> kHelp{
    "self, total       share of one CPU since the last table (of time on the wall with -i or -g)",
    "all self, total   the same since the start or the last reset; time: seconds of it, self",
    "",
    "Up Down PgUp PgDn Home End   move the bar, scroll (also j, k)",
    "Enter     open a function: who calls it, what it calls; of a thread or process: its functions",
    "Esc       one step back: close, clear the filter, show all threads and processes",
    "t  p      threads; processes",
    "a         functions of all threads and processes",
    "l         by line or by function",
    "1 2 3 4 5 sort by self, total, all self, all total, name; s the next of these",
    "/         filter by a regular expression; small letters match capitals, too",
    "space     pause the screen; sampling goes on",
    "r         reset: count anew",
    "+  -      refresh more often, less often",
    "w         write the profile so far to a file, all of it",
    "h  ?      this text",
    "q         leave",
    "",
};

void add_help(std::vector<ScreenLine>& screen, std::size_t body, std::size_t width) {
    for (std::size_t i = 0; i < std::min(body, kHelp.size()); ++i)
        screen.push_back({{fitted(kHelp[i], width), Style::kPlain}});
}

ScreenLine foot_line(const TopFacts& facts, const View& view, std::size_t width) {
    if (view.draft) {
        return {{fitted("filter: ", width), Style::kStrong},
                {fitted(*view.draft + "_", width - std::min<std::size_t>(width, 8)), Style::kPlain}};
    }
    if (!view.filter_error.empty()) return {{fitted("bad filter: " + view.filter_error, width), Style::kWarning}};
    if (!view.message.empty()) return {{fitted(view.message, width), Style::kWarning}};
    std::string state;
    const auto say = [&state](std::string_view words) {
        if (!state.empty()) state += " | ";
        state += words;
    };
    if (!facts.ended.empty()) say(facts.ended);
    if (view.paused) say("paused");
    if (!view.only.empty()) say("only " + view.only);
    if (!view.filter.empty()) say("filter /" + view.filter + "/");
    if (!state.empty()) return {{fitted(state, width), Style::kWarning}};
    return {
        {fitted(fmt::format(
                    "q quit  h help  / filter  Enter callers  t threads  p processes  l lines  w write  every {:g} s",
                    std::chrono::duration<double>(view.delay).count()),
                width),
         Style::kDim}};
}

std::string losses_line(const TopFacts& facts) {
    std::string text;
    for (std::size_t i = 0; i < kLossCount; ++i) {
        if (facts.losses[i] == 0) continue;
        text += fmt::format(", {} {}", format_count(facts.losses[i]), to_string(static_cast<Loss>(i)));
    }
    return text.empty() ? ", no losses" : text;
}

}  // namespace

std::string fitted(std::string_view text, std::size_t columns) { return cut_to_width(terminal_safe(text), columns); }

std::vector<std::string> head_lines(const TopFacts& facts) {
    return {
        fmt::format("{}  {}", clock_time(facts.elapsed), terminal_safe(facts.who)),
        fmt::format("CPU {:.0f}%  RSS {}  {}: {:.1f} active, {:.1f} idle  {}  GIL held {:.0f}%, {:.1f} waiting",
                    100 * facts.cpu, format_bytes(facts.rss_bytes), plural(facts.threads, "thread"), facts.active,
                    facts.idle, facts.processes == 1 ? "1 process" : fmt::format("{} processes", facts.processes),
                    100 * facts.gil_held, facts.gil_wait),
        fmt::format("{} of {} Hz  {}{}  lampyr's CPU {:.1f}%{}", format_rate(facts.rate_got_hz),
                    format_rate(facts.rate_asked_hz), plural(facts.samples, "sample"), losses_line(facts),
                    100 * facts.own_cpu,
                    facts.gil_only        ? "  GIL only"
                    : facts.idle_included ? "  idle too"
                                          : ""),
    };
}

std::size_t table_lines(ScreenSize size) { return layout_of(size).body; }

std::vector<ScreenLine> make_screen(const TopFacts& facts, const Table& table, const View& view, ScreenSize size) {
    const Layout layout = layout_of(size);
    std::vector<ScreenLine> screen;
    const std::vector<std::string> head = head_lines(facts);
    for (std::size_t i = 0; i < layout.head; ++i)
        screen.push_back({{fitted(head[i], size.columns), i == 0 ? Style::kStrong : Style::kPlain}});
    if (layout.title)
        screen.push_back(view.help ? ScreenLine{{fitted("Keys (any key closes this)", size.columns), Style::kTitle}}
                                   : title_line(view, size.columns));
    if (view.help)
        add_help(screen, layout.body, size.columns);
    else
        add_body(screen, facts, table, view, layout.body, size.columns);
    while (screen.size() + (layout.foot ? 1 : 0) < size.rows) screen.emplace_back();
    if (layout.foot) screen.push_back(foot_line(facts, view, size.columns));
    screen.resize(size.rows);
    return screen;
}

}  // namespace lampyr::tool
