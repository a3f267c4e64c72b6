// SPDX-License-Identifier: MIT
// consumer PID FOLDED: prints the hottest function of a raw profile, and which Python process PID runs.
#include <lampyr/lampyr.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

int fail(const lampyr::Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const auto read = lampyr::read_profile(argv[2]);
    if (!read) return fail(read.error());
    for (const lampyr::TopEntry& entry : lampyr::top_functions(read->profile, 1))
        std::printf("lampyr %s: hottest is %s\n", LAMPYR_VERSION, entry.label.c_str());
    const auto target = lampyr::Target::attach(lampyr::Pid{std::atoi(argv[1])});
    if (!target) return fail(target.error());
    std::printf("Python %s\n", target->python_version().c_str());
    return 0;
}
