// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <memory>
#include <string>
#include <vector>

namespace lampyr::profile {

/// POSIX extended regular expressions of which one has to match. Those of the C library: std::regex recurses for each
/// character, and names come from outside.
class TextMatch {
  public:
    [[nodiscard]] static Result<TextMatch> compile(const std::vector<std::string>& expressions);
    TextMatch(TextMatch&&) noexcept;
    TextMatch& operator=(TextMatch&&) noexcept;
    ~TextMatch();

    /// No expression: everything matches.
    [[nodiscard]] bool matches(const std::string& text) const;
    [[nodiscard]] bool empty() const { return expressions_.empty(); }

  private:
    struct Expression;
    TextMatch();
    std::vector<std::unique_ptr<Expression>> expressions_;
};

}  // namespace lampyr::profile
