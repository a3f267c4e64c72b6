// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"

#include <lampyr/profile.hpp>

#include <span>
#include <vector>

namespace lampyr::profile {

/// Functions by (name, file, first line). Short file name and kind are those of the first time it was seen.
class FunctionTable {
  public:
    [[nodiscard]] FunctionId intern(const Function& function);
    [[nodiscard]] const Function& row(FunctionId id) const { return rows_[id.value]; }
    [[nodiscard]] std::span<const Function> rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::vector<Function> take() && { return std::move(rows_); }

  private:
    std::vector<Function> rows_;
    IdIndex index_;
};

}  // namespace lampyr::profile
