// SPDX-License-Identifier: MIT
#pragma once

#include "export/flamegraph/palette.hpp"

#include <lampyr/export.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace lampyr::exporter {

/// A frame of a picture of two profiles; a sequence of them is a tree in preorder, the first one everything.
struct ChangeNode {
    std::uint32_t depth = 0;
    std::uint32_t function = 0;  ///< a row of ChangePicture::functions; not for the first node
    double base_self = 0;        ///< shares, 0 to 1
    double now_self = 0;
    double base_total = 0;
    double now_total = 0;
    bool noise = false;
};

struct ChangePicture {
    struct Function {
        std::string name;
        std::string file;
        std::uint32_t line = 0;
        bool marker = false;
    };
    std::vector<ChangeNode> nodes;
    std::vector<Function> functions;
    std::string title;
    std::string base_name;  ///< what the sides are called
    std::string now_name;
    std::vector<std::string> facts;
};

/// A flame graph of two profiles at once. A frame is as wide as the mean of its two shares, so what vanished and what is
/// new can both be seen and widths add up. Its colour says how it changed (change_palette), as does a sign before its name.
[[nodiscard]] Result<void> write_change_picture(const ChangePicture& picture, ByteSink& sink);

}  // namespace lampyr::exporter
