// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/check.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace lampyr::check {

/// How much of the growth of `function` with its callees comes from functions named already.
struct Explained {
    double growth = 0;                ///< share of the program's time
    std::optional<std::size_t> by{};  ///< the one that gives most
};
[[nodiscard]] Explained explain(const Comparison& comparison, std::size_t function,
                                const std::vector<std::size_t>& named, const std::vector<FunctionFinding>& findings);

/// Who calls whom, on either side.
class Neighbours {
  public:
    explicit Neighbours(const Comparison& comparison);

    /// A neighbour (caller, callee, or another callee of the same caller) that lost about what `function` gained, while
    /// the function above both takes as long as before: work was moved, not added.
    [[nodiscard]] std::optional<std::size_t> cost_came_from(std::size_t function) const;

  private:
    [[nodiscard]] std::optional<std::size_t> loser(const std::vector<std::size_t>& candidates, std::size_t above,
                                                   double gained) const;

    const Comparison& comparison_;
    std::vector<std::vector<std::size_t>> callers_;
    std::vector<std::vector<std::size_t>> callees_;
};

}  // namespace lampyr::check
