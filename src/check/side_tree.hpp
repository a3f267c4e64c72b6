// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"
#include "profile/pair_index.hpp"

#include <lampyr/compare.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::check {

/// A function as one side knows it.
struct SideFunction {
    std::string
        module;  ///< the file without what differs between machines: `site-packages/…`, `lib/python/…`, else whole
    std::string name;
    std::uint32_t first_line = 0;
    std::string file;
    std::string short_file;
    FunctionKind kind = FunctionKind::kProject;
};

struct SideNode {
    std::uint32_t parent = 0;  ///< smaller than the node itself; node 0 is the root and has no function
    std::uint32_t function = 0;
};

/// What a run spent in a path itself. `squares` is the sum of w²/n over its samples: (Σw)² / squares is how many samples of
/// equal weight say as much.
struct NodeTime {
    std::uint32_t node = 0;
    double ns = 0;
    double squares = 0;
};

struct RunColumn {
    RunFacts facts;
    std::vector<NodeTime> times;  ///< by node
    double ns = 0;                ///< all of it
    double squares = 0;
};

/// A file's name without what differs between machines.
[[nodiscard]] std::string module_of(std::string_view file, const std::vector<PathMap>& maps);

/// All runs of a side over one tree of functions; lines are gone.
class SideTree {
  public:
    explicit SideTree(std::vector<PathMap> maps) : maps_(std::move(maps)) { nodes_.emplace_back(); }

    void add(const Profile& profile, RunFacts facts);

    [[nodiscard]] const std::vector<SideFunction>& functions() const { return functions_; }
    [[nodiscard]] const std::vector<SideNode>& nodes() const { return nodes_; }
    [[nodiscard]] const std::vector<RunColumn>& runs() const { return runs_; }

  private:
    [[nodiscard]] std::uint32_t function_row(const Profile& profile, const Function& function);
    [[nodiscard]] std::uint32_t child(std::uint32_t parent, std::uint32_t function);
    [[nodiscard]] std::uint32_t marker_row(std::string_view name);

    std::vector<PathMap> maps_;
    std::vector<SideFunction> functions_;
    profile::IdIndex function_index_;
    std::vector<SideNode> nodes_;
    profile::PairIndex children_;
    std::vector<RunColumn> runs_;
};

}  // namespace lampyr::check

struct lampyr::ProfileSide::Impl {
    check::SideTree tree;
};
