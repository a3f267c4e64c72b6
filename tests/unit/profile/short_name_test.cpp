// SPDX-License-Identifier: MIT
#include "profile/short_name.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lampyr::profile {
namespace {

struct Disk {
    std::set<std::string, std::less<>> files;
    int asked = 0;
    ShortNames names{[this](std::string_view path) {
        ++asked;
        return files.contains(path);
    }};
};

TEST(ShortNames, CutAboveTheOutermostPackage) {
    Disk disk;
    disk.files = {"/srv/app/__init__.py", "/srv/app/sub/__init__.py", "/a/b/c/__init__.py", "/a/__init__.py",
                  "rel/pkg/__init__.py",  "rel/__init__.py",          "/top/__init__.py"};
    EXPECT_EQ(disk.names.shorten("/srv/app/sub/mod.py"), "app/sub/mod.py");
    EXPECT_EQ(disk.names.shorten("/srv/app/mod.py"), "app/mod.py");
    EXPECT_EQ(disk.names.shorten("/srv/main.py"), "main.py");
    EXPECT_EQ(disk.names.shorten("/a/b/c/x.py"), "c/x.py") << "/a/b is no package, so the chain ends";
    EXPECT_EQ(disk.names.shorten("/top/x.py"), "top/x.py");
    EXPECT_EQ(disk.names.shorten("rel/pkg/x.py"), "rel/pkg/x.py");
    EXPECT_EQ(disk.names.shorten("other/x.py"), "x.py");
    EXPECT_EQ(disk.names.shorten("/x.py"), "x.py");
    EXPECT_EQ(disk.names.shorten("x.py"), "x.py");
    EXPECT_EQ(disk.names.shorten("//x.py"), "x.py");
}

TEST(ShortNames, WhatIsNoFileStaysWhole) {
    Disk disk;
    for (const char* name : {"<string>", "<frozen a/b>", "", "/", "dir/", "///"})
        EXPECT_EQ(disk.names.shorten(name), name);
    EXPECT_EQ(disk.asked, 0);
}

TEST(ShortNames, ADirectoryIsLookedAtOnce) {
    Disk disk;
    disk.files = {"/srv/app/__init__.py"};
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(disk.names.shorten("/srv/app/m" + std::to_string(i) + ".py"), "app/m" + std::to_string(i) + ".py");
    EXPECT_EQ(disk.asked, 2);
}

}  // namespace
}  // namespace lampyr::profile
