// SPDX-License-Identifier: MIT
#include "export/flamegraph/tree_data.hpp"

#include "export/flamegraph/label_text.hpp"

#include <zlib.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace lampyr::exporter {
namespace {

constexpr std::size_t kMostFrames = 1'500'000;
constexpr std::size_t kMostBytes = 5'000'000;  // of base64; XML readers refuse text nodes above 10 MB

void put(std::string& out, std::uint64_t value) {
    while (value > 127) {
        out.push_back(static_cast<char>(0x80U | (value & 127U)));
        value >>= 7U;
    }
    out.push_back(static_cast<char>(value));
}

/// Texts by number, in the order of their first use.
class TextTable {
  public:
    std::uint64_t number(std::string text) {
        const auto [at, is_new] = numbers_.try_emplace(std::move(text), numbers_.size());
        if (is_new) {
            if (!numbers_.empty() && at->second > 0) joined_.push_back('\n');
            joined_ += at->first;
        }
        return at->second;
    }
    void write(std::string& out) const {
        put(out, joined_.size());
        out += joined_;
    }

  private:
    std::unordered_map<std::string, std::uint64_t> numbers_;
    std::string joined_;
};

std::string columns(const PictureTree& tree, std::size_t longest) {
    std::string out;
    out.reserve(tree.size() * 6);
    put(out, tree.timed ? 1U : 0U);
    put(out, tree.size());
    put(out, tree.labels.size());
    TextTable names;
    TextTable files;
    std::string rows;
    for (const FrameLabel& label : tree.labels) {
        put(rows, names.number(longest != 0 ? shortened(label.name, longest) : label.name));
        put(rows, files.number(longest != 0 ? shortened(label.file, longest) : label.file));
        put(rows, label.line);
        put(rows, label.kind * 8U + label.shade);
    }
    names.write(out);
    files.write(out);
    out += rows;
    for (std::size_t i = 1; i < tree.size(); ++i) put(out, tree.depth[i - 1] + 1 - tree.depth[i]);
    for (const std::uint32_t label : tree.label) put(out, label);
    for (const std::uint64_t samples : tree.samples) put(out, samples);
    if (tree.timed) {
        for (const std::uint64_t self : tree.self) put(out, self);
    }
    return out;
}

std::string compressed(const std::string& bytes) {
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::string out(size, '\0');
    // Fails only for lack of memory or room, and the room is enough by compressBound's word.
    if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                  static_cast<uLong>(bytes.size()), bytes.size() > 300'000 ? 6 : 9) != Z_OK) {
        return {};
    }
    out.resize(size);
    return out;
}

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8U | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= have ? kDigits[bits >> (18 - 6 * k) & 63U] : '=');
    }
    return out;
}

}  // namespace

TreeData encode_tree(const PictureTree& tree) {
    const FrameLabel small{"small frames", "", 0, 6, 0};
    TreeData data;
    data.base64.clear();
    std::size_t limit = kMostFrames;
    for (;;) {
        const PrunedTree kept = prune(tree, limit, small);
        data.dropped = kept.dropped;
        data.base64 = base64(compressed(columns(kept.tree, data.longest)));
        if (data.base64.size() <= kMostBytes || limit < 100) return data;
        limit = std::min(limit, kept.tree.size()) / 2;
        data.longest = data.longest == 0 ? 120 : 60;
    }
}

}  // namespace lampyr::exporter
