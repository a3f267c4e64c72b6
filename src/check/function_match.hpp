// SPDX-License-Identifier: MIT
#pragma once

#include "check/side_tree.hpp"

#include <lampyr/compare.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lampyr::check {

/// Which functions of the two sides are one: each side's functions get rows of one table.
struct FunctionMatch {
    struct Row {
        MatchKind kind = MatchKind::kSame;
        std::uint32_t base = kNone;  ///< a function of the side, for names; kNone: not there
        std::uint32_t now = kNone;
    };
    static constexpr std::uint32_t kNone = 0xffffffffU;
    std::vector<Row> rows;
    std::vector<std::uint32_t> base_row;  ///< by function of the side
    std::vector<std::uint32_t> now_row;
};

/// One to one, surest first: renames asked for; same file below its root and same name; the same under another checkout;
/// same name in another file; same file and the same place among callers and callees. Line numbers decide nothing, but
/// functions of one name in one file (lambdas) are told apart by their order; where one side has more of them than the
/// other, they are one.
[[nodiscard]] FunctionMatch match_functions(const SideTree& base, const SideTree& now,
                                            const std::vector<std::pair<std::string, std::string>>& renames);

}  // namespace lampyr::check
