// SPDX-License-Identifier: MIT
#include "process/user_database.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr::process {
namespace {

TEST(UserDatabase, KnowsRootAndItsGroup) {
    EXPECT_EQ(name_of_user(0), "root");
    const auto groups = groups_of_user("root", 0);
    EXPECT_NE(std::find(groups.begin(), groups.end(), gid_t{0}), groups.end());
}

TEST(UserDatabase, AnUnknownUserHasTheGroupThatIsGiven) {
    EXPECT_EQ(name_of_user(0xfffffff0U), std::nullopt);
    EXPECT_EQ(groups_of_user("nobody has this name", 4711), std::vector<gid_t>{4711});
}

}  // namespace
}  // namespace lampyr::process
