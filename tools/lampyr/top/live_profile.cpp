// SPDX-License-Identifier: MIT
#include "top/live_profile.hpp"

#include <algorithm>

namespace lampyr::tool {

namespace {

template <typename Row>
void append(std::vector<Row>& rows, std::span<const Row> added) {
    rows.insert(rows.end(), added.begin(), added.end());
}

void change(LiveProfile::Amount& amount, std::int64_t count, std::chrono::nanoseconds weight) {
    amount.count = static_cast<std::uint64_t>(static_cast<std::int64_t>(amount.count) + count);
    amount.weight += weight;
}

}  // namespace

std::uint32_t LiveProfile::cell_of(ThreadId thread, StackId stack, ThreadState state) {
    const std::uint64_t key = (std::uint64_t{thread.value} << 32U) | stack.value;
    std::vector<std::uint32_t>& places = cell_index_[key];
    for (const std::uint32_t place : places)
        if (cells_[place].state == state) return place;
    places.push_back(static_cast<std::uint32_t>(cells_.size()));
    cells_.push_back({thread, stack, state, {}, {}, {}, {}});
    return places.back();
}

void LiveProfile::add_to(std::uint32_t place, std::int64_t count, std::chrono::nanoseconds weight) {
    Cell& cell = cells_[place];
    for (Amount* amount : {&cell.all, &cell.next, &cell.ever}) change(*amount, count, weight);
}

void LiveProfile::grow(const SampleGrowth& growth) {
    const auto found = rows_.find(growth.row);
    if (found == rows_.end()) return;
    Row& row = found->second;
    if (growth.stack && *growth.stack != cells_[row.cell].stack) {
        // All of the row is another stack's. What it moves was counted before this window: only the whole is put right.
        const Cell from = cells_[row.cell];
        const std::uint32_t to = cell_of(from.thread, *growth.stack, from.state);
        const auto count = static_cast<std::int64_t>(row.so_far.count);
        for (Amount Cell::*which : {&Cell::all, &Cell::ever}) {
            change(cells_[row.cell].*which, -count, -row.so_far.weight);
            change(cells_[to].*which, count, row.so_far.weight);
        }
        row.cell = to;
    }
    change(row.so_far, growth.count, growth.weight);
    add_to(row.cell, growth.count, growth.weight);
}

void LiveProfile::add(const ProfileDelta& delta) {
    tables_.info = delta.info;
    append(tables_.strings, delta.strings);
    append(tables_.functions, delta.functions);
    append(tables_.frames, delta.frames);
    append(tables_.stacks, delta.stacks);
    append(tables_.processes, delta.processes);
    for (const ThreadUpdate& update : delta.threads) {
        if (update.row.value >= tables_.threads.size()) tables_.threads.resize(update.row.value + std::size_t{1});
        tables_.threads[update.row.value] = update.thread;
    }
    for (const SampleGrowth& growth : delta.grown) grow(growth);
    for (const std::uint64_t row : delta.settled) rows_.erase(row);
    for (const Sample& sample : delta.samples) {
        const std::uint32_t cell = cell_of(sample.thread, sample.stack, sample.state);
        rows_[next_row_++] = {cell, {sample.count, sample.weight}};
        add_to(cell, static_cast<std::int64_t>(sample.count), sample.weight);
    }
}

void LiveProfile::end_window() {
    for (Cell& cell : cells_) {
        cell.now = cell.next;
        cell.next = {};
    }
    window_ = tables_.info.duration - window_ended_;
    window_ended_ = tables_.info.duration;
}

void LiveProfile::reset() {
    for (Cell& cell : cells_) cell.all = cell.now = cell.next = {};
    reset_at_ = window_ended_ = tables_.info.duration;
    window_ = std::chrono::nanoseconds(0);
    // A row that moves to another stack later takes nothing along that is no longer counted.
    for (auto& [number, row] : rows_) row.so_far = {};
}

Profile LiveProfile::profile() const {
    Profile profile = tables_;
    profile.info.timeline = false;
    profile.info.stacks = 0;
    for (const Cell& cell : cells_) {
        if (cell.ever.count == 0) continue;
        profile.samples.push_back({cell.thread, cell.stack, cell.state, cell.ever.count, cell.ever.weight, {}});
        profile.info.stacks += cell.ever.count;
    }
    return profile;
}

}  // namespace lampyr::tool
