// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/ids.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::sampler {

/// Shares one thread's CPU time among its samples. A sample finds the thread on a CPU or waiting for one, and which of the
/// two is known only when the kernel next counts: a thread that runs is counted at the scheduler's tick and when it leaves
/// the CPU, one that waits when it gets there. So samples stay pending until the next change of the counters. Then each
/// takes from the CPU time that has come in what it stands for, and no more; those that had only been waiting take nothing.
/// What is left over is kept, up to a bound: the kernel counts in lumps of 4 ms, and a thread that runs in short bursts is
/// met by few samples that must stand for many bursts. Pure arithmetic; allocates when constructed only.
class CpuShare {
  public:
    using nanoseconds = std::chrono::nanoseconds;

    static constexpr std::size_t kRoom = 128;  ///< different rows pending; samples of one row in a row are one entry
    /// `most_kept`: CPU time without samples beyond this is given up.
    explicit CpuShare(nanoseconds most_kept = std::chrono::seconds(1));

    struct Given {
        SampleId row;
        nanoseconds weight;
        std::uint32_t samples;  ///< that share it
    };
    /// What the kernel counted since the last change.
    struct Change {
        nanoseconds ran{0};
        nanoseconds waited{0};  ///< in waits that are over
        bool got_cpu = false;   ///< the thread came onto a CPU
    };

    /// A sample at `when` that stands for `span`. Gives something only when there is no room; see `settle`.
    [[nodiscard]] std::span<const Given> add(SampleId row, nanoseconds span, nanoseconds when);
    /// The counters have changed, as was seen at `when`: weights for all pending samples that have any. Valid until the
    /// next call.
    [[nodiscard]] std::span<const Given> settle(const Change& change, nanoseconds when);
    /// No change will be seen any more: what is pending is weighed as the samples before were, and time that is left over
    /// goes to the latest samples that were in doubt.
    [[nodiscard]] std::span<const Given> finish();

    /// Pending samples of one row turned out to belong to another.
    void redirect(SampleId from, SampleId to) {
        for (auto* entries : {&entries_, &deferred_})
            for (Entry& entry : *entries)
                if (entry.row == from) entry.row = to;
    }

    /// The rows that may still be given something.
    void name_rows(std::vector<SampleId>& rows) const {
        for (const auto* entries : {&entries_, &deferred_})
            for (const Entry& entry : *entries) rows.push_back(entry.row);
    }

    [[nodiscard]] nanoseconds kept() const { return bank_; }
    [[nodiscard]] std::size_t pending() const { return entries_.size(); }
    /// Samples that were found to have been waiting.
    [[nodiscard]] std::uint64_t waiting() const { return waiting_; }

  private:
    struct Entry {
        SampleId row;
        std::uint32_t samples = 0;
        nanoseconds span{0};
    };
    [[nodiscard]] bool only_waited(const Change& change) const;
    void give(nanoseconds all);
    void give_nothing();
    void defer(nanoseconds all_given);
    void give_deferred();
    void forget();

    nanoseconds most_kept_;
    nanoseconds bank_{0};     // negative: given on credit
    nanoseconds pending_{0};  // sum of the entries' spans
    nanoseconds first_{0};    // when the oldest and the newest pending sample were taken
    nanoseconds last_{0};
    nanoseconds changed_{0};  // when the latest change was seen
    enum class Moment : std::uint8_t {
        kAny,
        kRan,       // the thread ran up to it
        kDoubtful,  // it had had to wait not long before, and may have lost the CPU again
    };
    Moment change_moment_ = Moment::kAny;  // of the latest change seen
    Moment first_moment_ = Moment::kAny;   // of the oldest pending sample
    nanoseconds first_span_{0};
    nanoseconds spans_settled_{0};
    nanoseconds weights_given_{0};
    std::uint64_t waiting_ = 0;
    std::vector<Entry> entries_;
    std::vector<Given> given_;
    std::vector<Entry> deferred_;  // the latest samples that got less than they stand for because they were in doubt
    std::size_t next_deferred_ = 0;
};

}  // namespace lampyr::sampler
