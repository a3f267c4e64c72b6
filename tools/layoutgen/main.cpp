// SPDX-License-Identifier: MIT
// layoutgen: a CPython layout from debug information. See docs/adding-a-python-version.md.
#include "cpython/layout_table.hpp"
#include "cpython/version_probe.hpp"
#include "derive.hpp"
#include "dwarf_types.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace lampyr;
using namespace lampyr::layoutgen;

constexpr int kSame = 0, kDiffers = 1, kUsage = 2, kNoDebugInformation = 3;

constexpr const char* kHelp =
    "usage: layoutgen [--check] VERSION FILE\n"
    "  VERSION  of the interpreter, as in 3.12.1\n"
    "  FILE     python binary, libpython or its .debug file\n"
    "Prints the text of src/cpython/layouts/cpXY.cpp. With --check, compares with the built-in table and prints each\n"
    "difference; status 0 same, 1 different, 2 usage, 3 FILE does not describe an interpreter.\n";

std::optional<cpython::Version> parse_version(std::string_view text) {
    // The text of sys.version is what this parser knows.
    const std::string full = fmt::format("{} (x) [x]", text) + '\0';
    const auto parsed = cpython::find_version_text(full);
    return parsed ? std::optional(parsed->version) : std::nullopt;
}

int check(const cpython::Layout& derived) {
    const cpython::Version& version = derived.version;
    const cpython::Layout* table = cpython::find_layout(version);
    if (table == nullptr) {
        fmt::print("no table for {}.{}{}\n", version.major, version.minor, version.free_threaded ? "t" : "");
        return kDiffers;
    }
    const auto lines = differences(*table, derived);
    for (const std::string& line : lines) fmt::print("{}\n", line);
    return lines.empty() ? kSame : kDiffers;
}

}  // namespace

int main(int argc, char** argv) {
    const bool checking = argc > 1 && std::string_view(argv[1]) == "--check";
    const int first = checking ? 2 : 1;
    if (argc != first + 2) {
        fmt::print(stderr, "{}", kHelp);
        return kUsage;
    }
    const auto version = parse_version(argv[first]);
    if (!version) {
        fmt::print(stderr, "layoutgen: {} is not a version such as 3.12.1\n", argv[first]);
        return kUsage;
    }
    const auto names = needed_types();
    const auto types = DwarfTypes::open(argv[first + 1], names);
    if (!types) {
        fmt::print(stderr, "layoutgen: {}\n", types.error().message);
        return kNoDebugInformation;
    }
    const auto layout = derive(*types, *version);
    if (!layout) {
        fmt::print(stderr, "layoutgen: {}: {}\n", argv[first + 1], layout.error().message);
        return kNoDebugInformation;
    }
    if (checking) return check(*layout);
    fmt::print("{}", to_source(*layout));
    return kSame;
}
