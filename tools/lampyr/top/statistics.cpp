// SPDX-License-Identifier: MIT
#include "top/statistics.hpp"

#include <fmt/format.h>

#include <regex.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <tuple>
#include <unordered_map>

namespace lampyr::tool {
namespace {

using std::chrono::nanoseconds;

struct NodeTimes {
    nanoseconds self_now{0}, self_all{0}, total_now{0}, total_all{0};
    [[nodiscard]] bool empty() const { return total_now.count() == 0 && total_all.count() == 0; }
};

/// The tree of stacks with times on its nodes.
class StackTimes {
  public:
    StackTimes(const LiveProfile& live, const TableRequest& request) : tables_(live.tables()), request_(request) {
        nodes_.resize(tables_.stacks.size());
        for (const LiveProfile::Cell& cell : live.cells()) {
            if (!wanted(cell) || cell.stack.value >= nodes_.size()) continue;
            NodeTimes& node = nodes_[cell.stack.value];
            node.self_now += cell.now.weight;
            node.self_all += cell.all.weight;
        }
        for (std::size_t i = nodes_.size(); i-- > 0;) {  // parents have smaller numbers
            NodeTimes& node = nodes_[i];
            node.total_now += node.self_now;
            node.total_all += node.self_all;
            if (node.empty()) continue;
            const StackId parent = tables_.stacks[i].parent;
            if (parent == kEmptyStack) continue;
            nodes_[parent.value].total_now += node.total_now;
            nodes_[parent.value].total_all += node.total_all;
        }
    }

    void add_rows(Table& table) const;
    void add_neighbours(Table& table, std::uint64_t opened) const;

  private:
    [[nodiscard]] bool wanted(const LiveProfile::Cell& cell) const {
        if (request_.thread && cell.thread != *request_.thread) return false;
        return !request_.process || tables_.threads[cell.thread.value].process == *request_.process;
    }
    /// What rows are told apart by.
    [[nodiscard]] std::uint32_t row_of(std::size_t node) const {
        const FrameId frame = tables_.stacks[node].frame;
        return request_.rows == RowKind::kLine ? frame.value : tables_.frames[frame.value].function.value;
    }
    [[nodiscard]] StackId parent(std::size_t node) const { return tables_.stacks[node].parent; }
    [[nodiscard]] bool recurs(std::size_t node) const {
        const std::uint32_t row = row_of(node);
        for (StackId above = parent(node); above != kEmptyStack; above = parent(above.value))
            if (row_of(above.value) == row) return true;
        return false;
    }
    /// Whether the same call, of this row by that of its parent, is further out in the stack too.
    [[nodiscard]] bool call_recurs(std::size_t node) const {
        const std::uint32_t callee = row_of(node);
        const StackId caller = parent(node);
        for (StackId above = caller; above != kEmptyStack; above = parent(above.value)) {
            const StackId next = parent(above.value);
            if (next != kEmptyStack && row_of(above.value) == callee && row_of(next.value) == row_of(caller.value))
                return true;
        }
        return false;
    }
    [[nodiscard]] std::string label(std::uint32_t row) const;
    [[nodiscard]] FunctionKind kind(std::uint32_t row) const {
        const std::uint32_t function = request_.rows == RowKind::kLine ? tables_.frames[row].function.value : row;
        return tables_.functions[function].kind;
    }

    const Profile& tables_;
    const TableRequest& request_;
    std::vector<NodeTimes> nodes_;
};

std::string StackTimes::label(std::uint32_t row) const {
    const bool lines = request_.rows == RowKind::kLine;
    const Function& function = tables_.functions[lines ? tables_.frames[row].function.value : row];
    const std::uint32_t line = lines ? tables_.frames[row].line : function.first_line;
    const std::string& name = tables_.string(function.name);
    const std::string& file = tables_.string(request_.full_filenames ? function.file : function.short_file);
    if (file.empty()) return name;
    return line == 0 ? fmt::format("{} ({})", name, file) : fmt::format("{} ({}:{})", name, file, line);
}

void StackTimes::add_rows(Table& table) const {
    const std::size_t count = request_.rows == RowKind::kLine ? tables_.frames.size() : tables_.functions.size();
    std::vector<TopRow> rows(count);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const NodeTimes& node = nodes_[i];
        if (node.empty()) continue;
        TopRow& row = rows[row_of(i)];
        row.now.self += node.self_now;
        row.all.self += node.self_all;
        if (recurs(i)) continue;
        row.now.total += node.total_now;
        row.all.total += node.total_all;
    }
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        TopRow& row = rows[i];
        if (row.all.total.count() == 0 && row.now.total.count() == 0) continue;
        row.key = i;
        row.label = label(i);
        row.kind = kind(i);
        table.rows.push_back(std::move(row));
    }
}

void StackTimes::add_neighbours(Table& table, std::uint64_t opened) const {
    std::unordered_map<std::uint64_t, Neighbour> found;  // by row and side
    const auto add = [&](std::optional<std::uint32_t> row, bool caller, const NodeTimes& times) {
        const std::uint64_t key = (row ? std::uint64_t{*row} + 1 : 0) * 2 + (caller ? 1 : 0);
        Neighbour& neighbour = found[key];
        if (neighbour.label.empty()) neighbour.label = row ? label(*row) : "(nobody: outermost)";
        neighbour.caller = caller;
        neighbour.now += times.total_now;
        neighbour.all += times.total_all;
    };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i].empty()) continue;
        const StackId above = parent(i);
        if (row_of(i) == opened && !recurs(i))
            add(above == kEmptyStack ? std::nullopt : std::optional(row_of(above.value)), true, nodes_[i]);
        if (above != kEmptyStack && row_of(above.value) == opened && !call_recurs(i)) add(row_of(i), false, nodes_[i]);
    }
    for (auto& [key, neighbour] : found) table.neighbours.push_back(std::move(neighbour));
    std::sort(table.neighbours.begin(), table.neighbours.end(), [](const Neighbour& a, const Neighbour& b) {
        return std::tuple(!a.caller, b.all, b.now, std::string_view(a.label)) <
               std::tuple(!b.caller, a.all, a.now, std::string_view(b.label));
    });
}

/// Threads or processes: a sample is all their own, so self and total are the same.
void add_owners(const LiveProfile& live, const TableRequest& request, Table& table) {
    const Profile& tables = live.tables();
    const bool threads = request.rows == RowKind::kThread;
    std::vector<TopRow> rows(threads ? tables.threads.size() : tables.processes.size());
    for (const LiveProfile::Cell& cell : live.cells()) {
        const ProcessId process = tables.threads[cell.thread.value].process;
        if (request.process && process != *request.process) continue;
        TopRow& row = rows[threads ? cell.thread.value : process.value];
        row.now.self += cell.now.weight;
        row.all.self += cell.all.weight;
    }
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        TopRow& row = rows[i];
        row.key = i;
        row.now.total = row.now.self;
        row.all.total = row.all.self;
        if (threads) {
            const Thread& thread = tables.threads[i];
            const std::string& name = tables.string(thread.name);
            row.label = thread.os_tid.value != 0 ? fmt::format("thread {}", thread.os_tid.value)
                                                 : fmt::format("thread {:#x}", thread.ident);
            if (!name.empty()) row.label += ": " + name;
            if (tables.processes.size() > 1)
                row.label += fmt::format(" (process {})", tables.processes[thread.process.value].pid.value);
        } else {
            const Process& process = tables.processes[i];
            row.label = fmt::format("process {}: {}", process.pid.value, tables.string(process.command_line));
        }
        table.rows.push_back(std::move(row));
    }
}

struct Expression {
    regex_t compiled{};
    int failure;
    explicit Expression(const std::string& text) : failure(0) {
        const bool exact = std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isupper(c) != 0; });
        failure = ::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB | (exact ? 0 : REG_ICASE));
    }
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
    ~Expression() {
        if (failure == 0) ::regfree(&compiled);
    }
};

/// Longer labels are matched by their start: an expression takes time that grows with the text.
constexpr std::size_t kLongestMatched = 1000;

}  // namespace

Table make_table(const LiveProfile& live, const TableRequest& request) {
    Table table;
    for (const LiveProfile::Cell& cell : live.cells()) {
        table.sampled_now += cell.now.weight;
        table.sampled_all += cell.all.weight;
    }
    if (request.rows == RowKind::kThread || request.rows == RowKind::kProcess) {
        add_owners(live, request, table);
        return table;
    }
    const StackTimes times(live, request);
    times.add_rows(table);
    if (request.opened) times.add_neighbours(table, *request.opened);
    return table;
}

std::string_view to_string(SortKey key) {
    switch (key) {
        case SortKey::kSelfNow: return "self now";
        case SortKey::kTotalNow: return "total now";
        case SortKey::kSelfAll: return "self since start";
        case SortKey::kTotalAll: return "total since start";
        case SortKey::kName: return "name";
    }
    return "";
}

void sort_rows(std::vector<TopRow>& rows, SortKey key) {
    const auto by = [key](const TopRow& row) {
        switch (key) {
            case SortKey::kSelfNow: return row.now.self;
            case SortKey::kTotalNow: return row.now.total;
            case SortKey::kSelfAll: return row.all.self;
            case SortKey::kTotalAll: return row.all.total;
            case SortKey::kName: break;
        }
        return nanoseconds(0);
    };
    std::sort(rows.begin(), rows.end(), [&](const TopRow& a, const TopRow& b) {
        if (key == SortKey::kName) return std::tie(a.label, a.key) < std::tie(b.label, b.key);
        return std::tuple(by(b), b.all.self, b.all.total, std::string_view(a.label), a.key) <
               std::tuple(by(a), a.all.self, a.all.total, std::string_view(b.label), b.key);
    });
}

std::optional<std::string> filter_rows(std::vector<TopRow>& rows, const std::string& expression) {
    if (expression.empty()) return std::nullopt;
    const Expression regex(expression);
    if (regex.failure != 0) {
        std::array<char, 200> why{};
        ::regerror(regex.failure, &regex.compiled, why.data(), why.size());
        return std::string(why.data());
    }
    std::erase_if(rows, [&regex](const TopRow& row) {
        return ::regexec(&regex.compiled, row.label.substr(0, kLongestMatched).c_str(), 0, nullptr, 0) != 0;
    });
    return std::nullopt;
}

}  // namespace lampyr::tool
