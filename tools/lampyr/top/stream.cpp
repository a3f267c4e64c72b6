// SPDX-License-Identifier: MIT
#include "top/stream.hpp"

#include "top/screen.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lampyr::tool {
namespace {

using std::chrono::nanoseconds;

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double share(nanoseconds part, nanoseconds whole) {
    return whole.count() > 0 ? static_cast<double>(part.count()) / static_cast<double>(whole.count()) : 0;
}

std::string_view name_of(RowKind rows) {
    switch (rows) {
        case RowKind::kFunction: return "function";
        case RowKind::kLine: return "line";
        case RowKind::kThread: return "thread";
        case RowKind::kProcess: return "process";
    }
    return "";
}

std::string text_of(const TopFacts& facts, const Table& table, RowKind rows) {
    std::string text;
    for (const std::string& line : head_lines(facts)) text += line + "\n";
    text += fmt::format("{:>8} {:>8} {:>9} {:>9} {:>10}  {}\n", "self", "total", "all self", "all total", "time",
                        name_of(rows));
    for (const TopRow& row : table.rows) {
        text += fmt::format("{:>7.1f}% {:>7.1f}% {:>8.1f}% {:>8.1f}% {:>9.2f}s  {}\n",
                            100 * share(row.now.self, facts.window), 100 * share(row.now.total, facts.window),
                            100 * share(row.all.self, facts.since), 100 * share(row.all.total, facts.since),
                            seconds(row.all.self), terminal_safe(row.label));
    }
    return text + "\n";
}

std::string json_of(const TopFacts& facts, const Table& table, RowKind kind) {
    nlohmann::json losses = nlohmann::json::object();
    for (std::size_t i = 0; i < kLossCount; ++i) losses[std::string(to_string(static_cast<Loss>(i)))] = facts.losses[i];
    nlohmann::json rows = nlohmann::json::array();
    for (const TopRow& row : table.rows) {
        rows.push_back({{"label", row.label},
                        {"self", share(row.now.self, facts.window)},
                        {"total", share(row.now.total, facts.window)},
                        {"all_self", share(row.all.self, facts.since)},
                        {"all_total", share(row.all.total, facts.since)},
                        {"all_self_s", seconds(row.all.self)},
                        {"all_total_s", seconds(row.all.total)}});
    }
    const nlohmann::json whole{{"elapsed_s", seconds(facts.elapsed)},
                               {"window_s", seconds(facts.window)},
                               {"program", facts.who},
                               {"rate_asked_hz", facts.rate_asked_hz},
                               {"rate_got_hz", facts.rate_got_hz},
                               {"samples", facts.samples},
                               {"losses", std::move(losses)},
                               {"processes", facts.processes},
                               {"threads", facts.threads},
                               {"active_threads", facts.active},
                               {"idle_threads", facts.idle},
                               {"gil_held", facts.gil_held},
                               {"gil_waiting_threads", facts.gil_wait},
                               {"cpu", facts.cpu},
                               {"rss_bytes", facts.rss_bytes},
                               {"own_cpu", facts.own_cpu},
                               {"by", name_of(kind)},
                               {"rows", std::move(rows)}};
    return whole.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

/// Quotes are doubled, as in RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe.
std::string csv_text(std::string_view label) {
    const std::string safe = terminal_safe(label);
    std::string quoted = "\"";
    if (!safe.empty() && std::string_view("=+-@").find(safe.front()) != std::string_view::npos) quoted += '\'';
    for (const char c : safe) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

std::string csv_of(const TopFacts& facts, const Table& table, RowKind kind) {
    std::string text;
    for (const TopRow& row : table.rows) {
        text += fmt::format("{:.3f},{},{:.4f},{:.4f},{:.4f},{:.4f},{:.3f},{}\n", seconds(facts.elapsed), name_of(kind),
                            share(row.now.self, facts.window), share(row.now.total, facts.window),
                            share(row.all.self, facts.since), share(row.all.total, facts.since), seconds(row.all.self),
                            csv_text(row.label));
    }
    return text;
}

}  // namespace

std::string stream_start(StreamFormat format) {
    return format == StreamFormat::kCsv ? "elapsed_s,by,self,total,all_self,all_total,all_self_s,label\n" : "";
}

std::string stream_table(StreamFormat format, const TopFacts& facts, const Table& table, RowKind rows) {
    switch (format) {
        case StreamFormat::kText: return text_of(facts, table, rows);
        case StreamFormat::kJson: return json_of(facts, table, rows);
        case StreamFormat::kCsv: return csv_of(facts, table, rows);
    }
    return "";
}

}  // namespace lampyr::tool
