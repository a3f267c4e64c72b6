// SPDX-License-Identifier: MIT
#include "profile/file_kind.hpp"

#include <gtest/gtest.h>

namespace lampyr::profile {
namespace {

TEST(FileKind, IsJudgedByPath) {
    const std::pair<const char*, FunctionKind> cases[] = {
        {"/home/u/app/main.py", FunctionKind::kProject},
        {"main.py", FunctionKind::kProject},
        {"", FunctionKind::kProject},
        {"/opt/python/lib/os.py", FunctionKind::kStandardLibrary},  // below the directory given
        {"/opt/python/library/os.py", FunctionKind::kProject},      // only looks like it
        {"/opt/python/lib", FunctionKind::kProject},
        {"/usr/lib/python3.13/json/decoder.py", FunctionKind::kStandardLibrary},
        {"/usr/lib64/python2.7/os.py", FunctionKind::kStandardLibrary},
        {"/usr/local/lib/python3.13t/os.py", FunctionKind::kStandardLibrary},
        {"/usr/lib/python311.zip/os.py", FunctionKind::kStandardLibrary},
        {"/usr/lib/python3.x/os.py", FunctionKind::kProject},
        {"/usr/share/python3.13/os.py", FunctionKind::kProject},
        {"/usr/lib/python3.13", FunctionKind::kProject},
        {"/v/lib/python3.13/site-packages/numpy/core.py", FunctionKind::kSitePackages},
        {"/usr/lib/python3/dist-packages/yaml/__init__.py", FunctionKind::kSitePackages},
        {"/opt/python/lib/site-packages/x.py", FunctionKind::kSitePackages},
        {"/home/u/site-packages", FunctionKind::kProject},
        {"/home/u/my-site-packages/x.py", FunctionKind::kProject},
        {"<frozen importlib._bootstrap>", FunctionKind::kInterpreter},
        {"<string>", FunctionKind::kInterpreter},
        {"<ipython-input-3-0f>", FunctionKind::kProject},
        {"<odd name.py", FunctionKind::kProject},
    };
    for (const auto& [file, kind] : cases) EXPECT_EQ(classify(file, "/opt/python/lib/"), kind) << file;
    EXPECT_EQ(classify("/opt/python/lib/os.py", ""), FunctionKind::kProject);
}

}  // namespace
}  // namespace lampyr::profile
