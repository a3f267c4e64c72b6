// SPDX-License-Identifier: MIT
#include "process/user_database.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace lampyr::process {

namespace {

/// Longest entry that is read; a group of thousands of members has a long one.
constexpr std::size_t kEntryLimit = std::size_t{1} << 20;

}  // namespace

#ifdef LAMPYR_STATIC

namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace

std::optional<std::string> name_of_user(std::uint32_t uid) {
    const File file(std::fopen("/etc/passwd", "re"));
    std::vector<char> buffer(kEntryLimit);
    passwd entry{};
    passwd* found = nullptr;
    while (file && ::fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0)
        if (entry.pw_uid == uid) return entry.pw_name;
    return std::nullopt;
}

std::vector<gid_t> groups_of_user(const std::string& name, gid_t own) {
    std::vector<gid_t> groups{own};
    const File file(std::fopen("/etc/group", "re"));
    std::vector<char> buffer(kEntryLimit);
    group entry{};
    group* found = nullptr;
    while (file && ::fgetgrent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0) {
        bool member = false;
        for (char** other = entry.gr_mem; *other != nullptr && !member; ++other) member = name == *other;
        if (member && entry.gr_gid != own) groups.push_back(entry.gr_gid);
    }
    return groups;
}

#else

std::optional<std::string> name_of_user(std::uint32_t uid) {
    std::vector<char> buffer(kEntryLimit);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
    return std::string(entry.pw_name);
}

std::vector<gid_t> groups_of_user(const std::string& name, gid_t group) {
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    while (::getgrouplist(name.c_str(), group, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(std::max(count, static_cast<int>(2 * groups.size()))));
        count = static_cast<int>(groups.size());
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

#endif

}  // namespace lampyr::process
