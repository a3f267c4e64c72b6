// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include "profile/file_kind.hpp"
#include "profile/short_name.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace lampyr::sampler {

/// What a code object's file name means on the target's disk: its short form and what kind of code it is.
class FileNames {
  public:
    FileNames(std::string stdlib_dir, std::function<bool(std::string_view)> exists)
        : stdlib_dir_(std::move(stdlib_dir)), short_names_(std::move(exists)) {}

    [[nodiscard]] FunctionKind kind(std::string_view file) const { return profile::classify(file, stdlib_dir_); }
    [[nodiscard]] std::string_view short_name(std::string_view file) { return short_names_.shorten(file); }

  private:
    std::string stdlib_dir_;
    profile::ShortNames short_names_;
};

}  // namespace lampyr::sampler
