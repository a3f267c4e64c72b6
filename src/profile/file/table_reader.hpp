// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/read_profile.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace lampyr::profile::file {

/// Builds a profile from the messages of a file, in their order. Every id must refer to what is there already, and every
/// number must leave room for sums; anything else is kCorrupt, and nothing may be used then.
class TableReader {
  public:
    /// `spare`: tables whose memory is used again; nothing of what they hold is.
    TableReader(const ReadLimits& limits, Profile&& spare);

    [[nodiscard]] Result<void> add(std::string_view message);
    /// The profile, its rows in their final order.
    [[nodiscard]] ReadProfile finish() &&;

  private:
    struct Columns;
    void read_message(std::string_view message, Columns& columns);
    void read_info(std::string_view message);
    void read_host(std::string_view message);
    void read_loss(std::string_view message);
    void read_string(std::string_view text);
    void read_function(std::string_view message);
    void read_process(std::string_view message);
    void read_thread(std::string_view message);
    void read_end(std::string_view message);
    void add_frames(Columns& columns);
    void add_stacks(Columns& columns);
    void add_samples(Columns& columns);
    void add_grown(Columns& columns);

    [[nodiscard]] StringId text(std::uint64_t id) const;
    void spend(std::uint64_t bytes);
    void add_sums(std::uint64_t count, std::int64_t weight);

    ReadLimits limits_;
    std::uint64_t memory_ = 0;
    std::uint64_t total_count_ = 0;
    std::int64_t total_weight_ = 0;
    std::vector<std::uint32_t> depth_;  // of each stack
    bool empty_rows_ = false;           // a sample's count came to nothing
    bool in_order_ = true;              // samples came in the order of time
    ReadProfile read_;
};

}  // namespace lampyr::profile::file
