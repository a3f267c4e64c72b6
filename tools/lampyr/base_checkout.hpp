// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/result.hpp>

#include <string>

namespace lampyr::tool {

/// Text as one word of a shell command, unchanged in meaning. For running, not for showing.
[[nodiscard]] std::string shell_quoted(const std::string& text);

/// A work tree of another commit of the repository we stand in, beside it and gone with this object.
class BaseCheckout {
  public:
    [[nodiscard]] static Result<BaseCheckout> open(const std::string& ref);
    BaseCheckout(BaseCheckout&& other) noexcept;
    BaseCheckout& operator=(BaseCheckout&&) = delete;
    ~BaseCheckout();

    [[nodiscard]] const std::string& root() const { return root_; }            ///< of the work tree
    [[nodiscard]] const std::string& directory() const { return directory_; }  ///< in it, as we stand in ours
    [[nodiscard]] const std::string& own_root() const { return own_root_; }
    [[nodiscard]] const std::string& commit() const { return commit_; }

  private:
    BaseCheckout() = default;
    std::string root_, directory_, own_root_, commit_;
};

}  // namespace lampyr::tool
