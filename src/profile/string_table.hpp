// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"

#include <lampyr/ids.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::profile {

/// Every text of a profile once. Row 0 is the empty string, so a default StringId reads as "".
class StringTable {
  public:
    StringTable();

    [[nodiscard]] StringId intern(std::string_view text);
    /// Valid until the next intern().
    [[nodiscard]] std::string_view text(StringId id) const { return rows_[id.value]; }
    [[nodiscard]] std::span<const std::string> rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::vector<std::string> take() && { return std::move(rows_); }

  private:
    std::vector<std::string> rows_;
    IdIndex index_;
};

}  // namespace lampyr::profile
