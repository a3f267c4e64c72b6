// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::test {

/// A CPython of this machine.
struct Interpreter {
    std::string version;  ///< "3.13", "3.14t"
    std::string path;
};

/// What `tools/scripts/find-pythons` lists, or when that finds nothing, pyenv's interpreters by their folder names.
[[nodiscard]] const std::vector<Interpreter>& interpreters();
[[nodiscard]] std::optional<Interpreter> find_interpreter(std::string_view version);

/// The version as a layout is looked up with.
[[nodiscard]] cpython::Version layout_version(std::string_view version);

/// Every version live tests run with, present or not: a test's parameter, so that what is absent is skipped by name.
inline constexpr const char* kVersions[] = {"2.7",  "3.6",  "3.7",   "3.8",  "3.9",   "3.10", "3.11",
                                            "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t"};

/// "3.14t" as part of a test's name: "cp314t".
[[nodiscard]] std::string test_name(const std::string& version);

/// Tests once a version: `INSTANTIATE_TEST_SUITE_P(All, Suite, testing::ValuesIn(kVersions), Suite::name)`.
class InterpreterTest : public testing::TestWithParam<const char*> {
  public:
    static std::string name(const testing::TestParamInfo<const char*>& info) { return test_name(info.param); }

  protected:
    void SetUp() override {
        const auto found = find_interpreter(GetParam());
        if (!found) GTEST_SKIP() << "no Python " << GetParam() << " on this machine";
        python_ = *found;
    }
    Interpreter python_;
};

}  // namespace lampyr::test
