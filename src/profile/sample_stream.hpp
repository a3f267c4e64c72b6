// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"

#include <lampyr/profile_sink.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace lampyr::profile {

/// Hands on the rows of a table of samples that goes on growing, old rows included: each cut tells the rows added since
/// the last one, and by how much rows told before have grown. Rows that can grow no more are then taken out of the table
/// and only counted, so memory grows with distinct stacks. Adding to the table knows nothing of all this.
class SampleStream {
  public:
    static constexpr std::uint32_t kGone = std::numeric_limits<std::uint32_t>::max();

    struct Cut {
        std::span<const Sample> added;
        std::span<const SampleGrowth> grown;
    };
    /// What is new in `rows`. The spans are valid until `rows` changes or the next cut is made.
    [[nodiscard]] Cut cut(const std::vector<Sample>& rows);

    /// Takes the rows out that were told before the last cut, except those `in_use`. `moved` says for each row where it
    /// is now, or kGone.
    void settle(std::vector<Sample>& rows, const std::vector<bool>& in_use, std::vector<std::uint32_t>& moved);

    /// All rows, those taken out included, as counts: equal (thread, stack, state) are one.
    [[nodiscard]] std::vector<Sample> take_counts(const std::vector<Sample>& rows) &&;

  private:
    /// What is known outside of a row still in the table.
    struct Told {
        std::uint64_t number = 0;
        std::uint64_t cut = 0;
        std::uint64_t count = 0;
        std::chrono::nanoseconds weight{0};
    };
    void count(const Sample& sample);

    std::vector<Told> told_;  // parallel to the rows of the last cut
    std::vector<SampleGrowth> grown_;
    std::uint64_t cuts_ = 0;
    std::uint64_t next_number_ = 0;
    std::vector<Sample> counts_;
    IdIndex index_;
};

}  // namespace lampyr::profile
