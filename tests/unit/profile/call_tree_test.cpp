// SPDX-License-Identifier: MIT
#include "profile/call_tree.hpp"

#include "profile/labels.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace lampyr::profile {
namespace {

using test::ProfileDraft;
using Path = std::vector<std::string>;

/// The slow and obvious way: every sample's labels, root first.
std::map<Path, std::uint64_t> paths_of(const Profile& profile, const TreeOptions& options) {
    std::map<Path, std::uint64_t> paths;
    for (const Sample& sample : profile.samples) {
        Path path;
        for (StackId at = sample.stack; at != kEmptyStack; at = profile.stacks[at.value].parent)
            path.push_back(frame_label(profile, profile.stacks[at.value].frame, options.lines, options.full_filenames));
        if (path.empty()) path.emplace_back(kNoFrames);
        if (options.threads) path.push_back(thread_label(profile, sample.thread));
        if (options.processes) path.push_back(process_label(profile, profile.threads[sample.thread.value].process));
        std::reverse(path.begin(), path.end());
        paths[path] += options.measure == TreeOptions::Measure::kCount
                           ? sample.count
                           : static_cast<std::uint64_t>(sample.weight.count());
    }
    return paths;
}

std::map<Path, std::uint64_t> paths_of(const CallTree& tree) {
    std::map<Path, std::uint64_t> paths;
    Path path;
    for (const CallTree::Node& node : tree.nodes) {
        if (node.depth == 0) continue;
        path.resize(node.depth - 1);
        path.push_back(tree.label(node));
        if (node.self == 0) continue;
        EXPECT_TRUE(paths.emplace(path, node.self).second) << "a path is there twice";
    }
    return paths;
}

void expect_sound(const CallTree& tree, TreeOptions::Order order) {
    ASSERT_FALSE(tree.nodes.empty());
    EXPECT_EQ(tree.nodes[0].parent, CallTree::kNoParent);
    EXPECT_EQ(tree.nodes[0].subtree_end, tree.nodes.size());
    EXPECT_TRUE(std::is_sorted(tree.labels.begin(), tree.labels.end()));
    EXPECT_EQ(std::adjacent_find(tree.labels.begin(), tree.labels.end()), tree.labels.end());
    for (std::uint32_t i = 0; i < tree.nodes.size(); ++i) {
        const CallTree::Node& node = tree.nodes[i];
        std::uint64_t total = node.self;
        const CallTree::Node* before = nullptr;
        for (std::uint32_t child = i + 1; child < node.subtree_end; child = tree.nodes[child].subtree_end) {
            const CallTree::Node& at = tree.nodes[child];
            EXPECT_EQ(at.parent, i);
            EXPECT_EQ(at.depth, node.depth + 1);
            EXPECT_LE(at.depth, tree.max_depth);
            total += at.total;
            if (before != nullptr) {
                const bool more = order == TreeOptions::Order::kTotal && before->total > at.total;
                const bool tie = order == TreeOptions::Order::kLabel || before->total == at.total;
                EXPECT_TRUE(more || (tie && before->label < at.label));
            }
            before = &at;
        }
        EXPECT_EQ(total, node.total);
        EXPECT_GT(node.total, 0U);
    }
}

TEST(CallTree, HoldsEveryPathWithItsCount) {
    for (unsigned seed = 0; seed < 24; ++seed) {
        const Profile profile = test::mixed_profile(seed, seed % 2 == 1);
        TreeOptions options;
        options.lines = static_cast<Lines>(seed % 3);
        options.threads = (seed & 1) != 0;
        options.processes = (seed & 2) != 0;
        options.full_filenames = (seed & 4) != 0;
        options.measure = (seed & 8) != 0 ? TreeOptions::Measure::kWeight : TreeOptions::Measure::kCount;
        options.order = (seed & 4) != 0 ? TreeOptions::Order::kTotal : TreeOptions::Order::kLabel;
        const CallTree tree = build_call_tree(profile, options);
        expect_sound(tree, options.order);
        EXPECT_EQ(paths_of(tree), paths_of(profile, options)) << "seed " << seed;
        if (options.measure == TreeOptions::Measure::kCount) {
            EXPECT_EQ(tree.total(), profile.info.stacks);
        }
    }
}

TEST(CallTree, DoesNotDependOnTheOrderOfSamples) {
    Profile profile = test::mixed_profile(5);
    const CallTree tree = build_call_tree(profile, {.threads = true});
    std::shuffle(profile.samples.begin(), profile.samples.end(), std::mt19937(9));
    const CallTree other = build_call_tree(profile, {.threads = true});
    EXPECT_EQ(tree.labels, other.labels);
    ASSERT_EQ(tree.nodes.size(), other.nodes.size());
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        EXPECT_EQ(tree.nodes[i].label, other.nodes[i].label);
        EXPECT_EQ(tree.nodes[i].self, other.nodes[i].self);
        EXPECT_EQ(tree.nodes[i].kind, other.nodes[i].kind);
        EXPECT_EQ(tree.nodes[i].subtree_end, other.nodes[i].subtree_end);
    }
}

TEST(CallTree, OfNothingIsARoot) {
    const CallTree tree = build_call_tree(Profile{}, {});
    ASSERT_EQ(tree.nodes.size(), 1U);
    EXPECT_EQ(tree.label(tree.nodes[0]), "all");
    EXPECT_EQ(tree.total(), 0U);
    EXPECT_EQ(tree.max_depth, 0U);
}

TEST(CallTree, DepthIsNoDanger) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const FrameId frames[] = {maker.frame("a", "/a.py", 1), maker.frame("b", "/a.py", 2)};
    StackId at = kEmptyStack;
    for (std::uint32_t i = 0; i < 200'000; ++i) at = maker.builder.intern_stack(at, frames[i % 2]);
    maker.sample(thread, at);
    const CallTree tree = build_call_tree(maker.finish(), {});
    EXPECT_EQ(tree.nodes.size(), 200'001U);
    EXPECT_EQ(tree.max_depth, 200'000U);
    EXPECT_EQ(tree.nodes.back().self, 1U);
}

TEST(CallTree, SharedLabelTakesTheFirstKind) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 1);
    maker.sample(thread,
                 maker.stack({maker.frame("main", "/v/site-packages/m.py", 1, 1, FunctionKind::kSitePackages)}));
    maker.sample(thread, maker.stack({maker.frame("main", "/home/m.py", 1, 1, FunctionKind::kProject)}));
    const Profile profile = maker.finish();
    const CallTree merged = build_call_tree(profile, {});
    ASSERT_EQ(merged.nodes.size(), 2U);
    EXPECT_EQ(merged.nodes[1].kind, FunctionKind::kProject);
    EXPECT_EQ(merged.nodes[1].self, 2U);
    EXPECT_EQ(build_call_tree(profile, {.full_filenames = true}).nodes.size(), 3U);
}

}  // namespace
}  // namespace lampyr::profile
