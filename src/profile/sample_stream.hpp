// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"

#include <lampyr/profile_sink.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::profile {

/// Hands on the rows of a table of samples that goes on changing, old rows included: each cut tells the rows added since
/// the last one, and how rows told before have changed. Rows that will change no more are then only counted and their
/// places in the table used again, so memory grows with distinct stacks. A row keeps its place as long as it is there.
class SampleStream {
  public:
    struct Cut {
        std::span<const Sample> added;
        std::span<const SampleGrowth> grown;
        std::span<const std::uint64_t> settled;
    };

    /// A row was put in this place.
    void note_added(std::uint32_t place) {
        if (place >= told_.size()) told_.resize(place + std::size_t{1});
        added_.push_back(place);
    }
    /// A place of a row that is gone; false: there is none.
    [[nodiscard]] bool take_free(std::uint32_t& place) {
        if (free_.empty()) return false;
        place = free_.back();
        free_.pop_back();
        return true;
    }

    /// What is new in `rows`. The spans are valid until the next cut.
    [[nodiscard]] Cut cut(const std::vector<Sample>& rows);
    /// Lets go of the rows that were told before the last cut, except those that `is_used` says may still change.
    void settle(const std::vector<Sample>& rows, const std::vector<bool>& is_used);
    /// All rows ever, as counts: equal (thread, stack, state) are one.
    [[nodiscard]] std::vector<Sample> take_counts(const std::vector<Sample>& rows) &&;

  private:
    /// What is known outside of the row in a place.
    struct Told {
        std::uint64_t number = 0;
        std::uint64_t cut = 0;  ///< in which it was first told; 0: not yet
        std::uint64_t count = 0;
        std::chrono::nanoseconds weight{0};
        StackId stack;
    };
    void count(const Sample& sample);

    std::vector<Told> told_;             // by place
    std::vector<std::uint32_t> places_;  // of told rows that are here
    std::vector<std::uint32_t> added_;   // not told yet, in order
    std::vector<std::uint32_t> free_;
    std::vector<Sample> added_rows_;  // of the last cut
    std::vector<SampleGrowth> grown_;
    std::vector<std::uint64_t> settled_;       // numbers of rows let go since the last cut
    std::vector<std::uint64_t> told_settled_;  // those of the last cut
    std::uint64_t cuts_ = 0;
    std::uint64_t next_number_ = 0;
    std::vector<Sample> counts_;
    IdIndex index_;
};

}  // namespace lampyr::profile
