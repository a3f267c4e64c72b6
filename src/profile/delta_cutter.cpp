// SPDX-License-Identifier: MIT
#include "profile/delta_cutter.hpp"

#include <utility>

namespace lampyr::profile {

namespace {

/// The rows from `told` on, which is then moved to the end.
template <typename Row>
std::span<const Row> untold(std::span<const Row> rows, std::size_t& told) {
    return rows.subspan(std::exchange(told, rows.size()));
}

bool same(const Thread& a, const Thread& b) {
    return a.process == b.process && a.os_tid == b.os_tid && a.ident == b.ident && a.name == b.name;
}

}  // namespace

void DeltaCutter::find_changed_threads(std::span<const Thread> threads) {
    changed_threads_.clear();
    for (std::uint32_t row = 0; row < threads.size(); ++row) {
        if (row < told_threads_.size() && same(told_threads_[row], threads[row])) continue;
        changed_threads_.push_back({ThreadId{row}, threads[row]});
    }
    told_threads_.assign(threads.begin(), threads.end());
}

void DeltaCutter::cut(Builder& builder, ProfileInfo info, std::span<const SampleId> used,
                      std::optional<StopReason> end) {
    const Builder::Tables tables = builder.tables();
    const SampleStream::Cut samples = builder.cut_samples();
    find_changed_threads(tables.threads);
    info.stacks = builder.samples_added();
    info.timeline = true;
    ProfileDelta delta{.info = info};
    delta.first_stack = static_cast<std::uint32_t>(stacks_);
    delta.strings = untold(tables.strings, strings_);
    delta.functions = untold(tables.functions, functions_);
    delta.frames = untold(tables.frames, frames_);
    delta.stacks = untold(tables.stacks, stacks_);
    delta.processes = untold(tables.processes, processes_);
    delta.threads = changed_threads_;
    delta.samples = samples.added;
    delta.grown = samples.grown;
    delta.settled = samples.settled;
    delta.end = end;
    sink_.take(delta);
    builder.settle_samples(used);
}

}  // namespace lampyr::profile
