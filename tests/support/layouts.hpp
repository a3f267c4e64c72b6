// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lampyr::test {

/// Tests once a layout: `INSTANTIATE_TEST_SUITE_P(All, Suite, every_layout(), layout_name)`.
class LayoutTest : public testing::TestWithParam<const cpython::Layout*> {
  protected:
    [[nodiscard]] static const cpython::Layout& layout() { return *GetParam(); }
};

inline auto every_layout() {
    const auto all = cpython::all_layouts();
    return testing::ValuesIn(all.begin(), all.end());
}

inline std::string layout_name(const testing::TestParamInfo<const cpython::Layout*>& info) {
    const cpython::Version version = info.param->version;
    return "cp" + std::to_string(version.major) + std::to_string(version.minor) + (version.free_threaded ? "t" : "");
}

}  // namespace lampyr::test
