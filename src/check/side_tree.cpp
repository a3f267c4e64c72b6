// SPDX-License-Identifier: MIT
#include "check/side_tree.hpp"

#include "profile/labels.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

namespace lampyr::check {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// What follows the last `/lib/pythonX.Y/`.
std::size_t after_standard_library(std::string_view file) {
    for (std::size_t at = file.rfind("/lib/python"); at != std::string_view::npos && at > 0;
         at = file.rfind("/lib/python", at - 1)) {
        std::size_t end = at + 11;
        while (end < file.size() && (std::isdigit(static_cast<unsigned char>(file[end])) != 0 || file[end] == '.'))
            ++end;
        if (end < file.size() && file[end] == 't') ++end;
        if (end > at + 11 && end < file.size() && file[end] == '/') return end + 1;
    }
    return std::string_view::npos;
}

/// Nanoseconds of a sample: its weight, or where a profile has none, its count in intervals.
class Weights {
  public:
    explicit Weights(const Profile& profile) {
        timed_ = std::any_of(profile.samples.begin(), profile.samples.end(),
                             [](const Sample& sample) { return sample.weight.count() > 0; });
        if (profile.info.interval.count() > 0) interval_ = static_cast<double>(profile.info.interval.count());
    }
    [[nodiscard]] double of(const Sample& sample) const {
        if (!timed_) return interval_ * static_cast<double>(sample.count);
        return static_cast<double>(std::max<std::int64_t>(sample.weight.count(), 0));
    }

  private:
    bool timed_ = false;
    double interval_ = 10e6;
};

}  // namespace

std::string module_of(std::string_view file, const std::vector<PathMap>& maps) {
    std::string mapped;
    for (const PathMap& map : maps) {
        if (!file.starts_with(map.old_prefix)) continue;
        mapped = map.new_prefix + std::string(file.substr(map.old_prefix.size()));
        file = mapped;
        break;
    }
    for (const std::string_view root : {"/site-packages/", "/dist-packages/"}) {
        if (const std::size_t at = file.rfind(root); at != std::string_view::npos)
            return "site-packages/" + std::string(file.substr(at + root.size()));
    }
    if (const std::size_t at = after_standard_library(file); at != std::string_view::npos)
        return "lib/python/" + std::string(file.substr(at));
    return std::string(file);
}

std::uint32_t SideTree::function_row(const Profile& profile, const Function& function) {
    const std::string& name = profile.string(function.name);
    const std::string& file = profile.string(function.file);
    const std::size_t full =
        std::hash<std::string_view>{}(name)*31 + std::hash<std::string_view>{}(file)*7 + function.first_line;
    const auto hash = static_cast<std::uint32_t>(full ^ (full >> 32U));
    const std::uint32_t found = function_index_.find(hash, [&](std::uint32_t row) {
        const SideFunction& known = functions_[row];
        return known.name == name && known.file == file && known.first_line == function.first_line;
    });
    if (found != profile::IdIndex::kNone) return found;
    const auto row = static_cast<std::uint32_t>(functions_.size());
    functions_.push_back(
        {module_of(file, maps_), name, function.first_line, file, profile.string(function.short_file), function.kind});
    function_index_.insert(hash, row);
    return row;
}

std::uint32_t SideTree::marker_row(std::string_view name) {
    for (std::uint32_t row = 0; row < functions_.size(); ++row)
        if (functions_[row].name == name && functions_[row].file.empty()) return row;
    const auto row = static_cast<std::uint32_t>(functions_.size());
    functions_.push_back({"", std::string(name), 0, "", "", FunctionKind::kMarker});
    return row;
}

std::uint32_t SideTree::child(std::uint32_t parent, std::uint32_t function) {
    if (const std::uint32_t found = children_.find(parent, function); found != profile::PairIndex::kNone) return found;
    const auto node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({parent, function});
    children_.insert(parent, function, node);
    return node;
}

void SideTree::add(const Profile& profile, RunFacts facts) {
    const Weights weights(profile);
    std::vector<NodeTime> by_stack(profile.stacks.size());
    NodeTime no_frames;
    for (const Sample& sample : profile.samples) {
        const double ns = weights.of(sample);
        if (ns <= 0) continue;
        NodeTime& time = sample.stack == kEmptyStack ? no_frames : by_stack[sample.stack.value];
        time.ns += ns;
        time.squares += ns * ns / static_cast<double>(std::max<std::uint64_t>(sample.count, 1));
    }
    // Only paths with time get nodes, so what a recording met but did not spend time in costs nothing.
    std::vector<bool> needed(profile.stacks.size(), false);
    for (std::size_t i = profile.stacks.size(); i-- > 0;) {
        if (by_stack[i].ns > 0) needed[i] = true;
        if (needed[i] && profile.stacks[i].parent != kEmptyStack) needed[profile.stacks[i].parent.value] = true;
    }
    std::vector<std::uint32_t> row_of(profile.functions.size(), kNone);
    std::vector<std::uint32_t> node_of(profile.stacks.size(), 0);
    RunColumn run;
    run.facts = std::move(facts);
    const auto take = [&run](std::uint32_t node, const NodeTime& time) {
        run.times.push_back({node, time.ns, time.squares});
        run.ns += time.ns;
        run.squares += time.squares;
    };
    for (std::size_t i = 0; i < profile.stacks.size(); ++i) {
        if (!needed[i]) continue;
        const StackNode& stack = profile.stacks[i];
        const std::uint32_t function = profile.frames[stack.frame.value].function.value;
        if (row_of[function] == kNone) row_of[function] = function_row(profile, profile.functions[function]);
        const std::uint32_t parent = stack.parent == kEmptyStack ? 0 : node_of[stack.parent.value];
        node_of[i] = child(parent, row_of[function]);
        if (by_stack[i].ns > 0) take(node_of[i], by_stack[i]);
    }
    if (no_frames.ns > 0) take(child(0, marker_row(profile::kNoFrames)), no_frames);
    // The lines of a function are one node now.
    std::sort(run.times.begin(), run.times.end(), [](const NodeTime& a, const NodeTime& b) { return a.node < b.node; });
    std::vector<NodeTime> merged;
    for (const NodeTime& time : run.times) {
        if (merged.empty() || merged.back().node != time.node) {
            merged.push_back(time);
        } else {
            merged.back().ns += time.ns;
            merged.back().squares += time.squares;
        }
    }
    run.times = std::move(merged);
    runs_.push_back(std::move(run));
}

}  // namespace lampyr::check

namespace lampyr {

ProfileSide::ProfileSide(std::vector<PathMap> maps)
    : impl_(std::make_unique<Impl>(Impl{check::SideTree{std::move(maps)}})) {}
ProfileSide::ProfileSide(ProfileSide&&) noexcept = default;
ProfileSide& ProfileSide::operator=(ProfileSide&&) noexcept = default;
ProfileSide::~ProfileSide() = default;

void ProfileSide::add(const Profile& profile, RunFacts facts) { impl_->tree.add(profile, std::move(facts)); }
std::size_t ProfileSide::runs() const { return impl_->tree.runs().size(); }

}  // namespace lampyr
