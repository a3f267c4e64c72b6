// SPDX-License-Identifier: MIT
#include "check/function_match.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>

namespace lampyr::check {
namespace {

constexpr std::uint32_t kNone = FunctionMatch::kNone;
constexpr double kSimilar = 0.8;   // cosine of callers and callees
constexpr double kSameSize = 2.5;  // times in this ratio may be one function renamed

/// Functions that cannot be told apart by file and name, by first line.
struct Group {
    std::string module;
    std::string name;
    std::vector<std::uint32_t> functions;
    std::uint32_t row = kNone;  ///< of the first; kNone: not matched yet
};

std::vector<Group> groups_of(const SideTree& side) {
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::uint32_t>> found;
    for (std::uint32_t i = 0; i < side.functions().size(); ++i) {
        const SideFunction& function = side.functions()[i];
        found[{function.module, function.name}].push_back(i);
    }
    std::vector<Group> groups;
    for (auto& [key, functions] : found) {
        std::sort(functions.begin(), functions.end(), [&side](std::uint32_t a, std::uint32_t b) {
            return side.functions()[a].first_line < side.functions()[b].first_line;
        });
        groups.push_back({std::string(key.first), std::string(key.second), std::move(functions)});
    }
    return groups;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Bytes of the common end of two paths, in whole components.
std::size_t common_end(std::string_view a, std::string_view b) {
    std::size_t same = 0;
    std::size_t whole = 0;
    while (same < a.size() && same < b.size() && a[a.size() - 1 - same] == b[b.size() - 1 - same]) {
        ++same;
        if (a[a.size() - same] == '/') whole = same;
    }
    const bool a_ends = same == a.size() && (same == b.size() || b[b.size() - 1 - same] == '/');
    const bool b_ends = same == b.size() && (same == a.size() || a[a.size() - 1 - same] == '/');
    return a_ends || b_ends ? same : whole;
}

bool is_generic(std::string_view name) {
    const std::size_t last = name.rfind('.');
    return name.substr(last == std::string_view::npos ? 0 : last + 1).starts_with('<');
}

class Matcher {
  public:
    Matcher(const SideTree& base, const SideTree& now)
        : base_(base), now_(now), base_groups_(groups_of(base)), now_groups_(groups_of(now)) {
        match_.base_row.assign(base.functions().size(), kNone);
        match_.now_row.assign(now.functions().size(), kNone);
    }

    void by_request(const std::vector<std::pair<std::string, std::string>>& renames);
    void by_key(const std::string& old_root, const std::string& new_root, MatchKind kind);
    [[nodiscard]] std::pair<std::string, std::string> other_checkout() const;
    void by_path_end();
    void by_name();
    void by_structure();
    [[nodiscard]] FunctionMatch finish() &&;

  private:
    using Pairs = std::vector<std::tuple<double, std::uint32_t, std::uint32_t>>;  // (better first, base, new)

    void join(Group& base, Group& now, MatchKind kind);
    void join_best(Pairs pairs, MatchKind kind, bool only_if_unique);
    void alone(Group& group, bool is_base);
    [[nodiscard]] std::map<std::string, double> neighbours(const SideTree& side, const std::vector<Group>& groups,
                                                           const std::vector<std::uint32_t>& rows, std::uint32_t group,
                                                           double& self) const;

    const SideTree& base_;
    const SideTree& now_;
    std::vector<Group> base_groups_;
    std::vector<Group> now_groups_;
    FunctionMatch match_;
};

void Matcher::join(Group& base, Group& now, MatchKind kind) {
    base.row = now.row = static_cast<std::uint32_t>(match_.rows.size());
    const bool in_order = base.functions.size() == now.functions.size();
    const std::size_t rows = in_order ? base.functions.size() : 1;
    for (std::size_t i = 0; i < rows; ++i) match_.rows.push_back({kind, base.functions[i], now.functions[i]});
    for (std::size_t i = 0; i < base.functions.size(); ++i)
        match_.base_row[base.functions[i]] = base.row + (in_order ? static_cast<std::uint32_t>(i) : 0);
    for (std::size_t i = 0; i < now.functions.size(); ++i)
        match_.now_row[now.functions[i]] = now.row + (in_order ? static_cast<std::uint32_t>(i) : 0);
}

void Matcher::by_request(const std::vector<std::pair<std::string, std::string>>& renames) {
    const auto is = [](const Group& group, std::string_view asked) {
        if (group.name == asked) return true;
        const std::size_t colon = asked.rfind(':');
        if (colon == std::string_view::npos || asked.substr(colon + 1) != group.name) return false;
        const std::string_view file = asked.substr(0, colon);
        return common_end(group.module, file) == file.size();
    };
    for (const auto& [old_name, new_name] : renames) {
        for (Group& base : base_groups_) {
            if (base.row != kNone || !is(base, old_name)) continue;
            const auto now =
                std::find_if(now_groups_.begin(), now_groups_.end(),
                             [&, &wanted = new_name](const Group& g) { return g.row == kNone && is(g, wanted); });
            if (now == now_groups_.end()) continue;
            join(base, *now, MatchKind::kAsked);
            break;
        }
    }
}

void Matcher::by_key(const std::string& old_root, const std::string& new_root, MatchKind kind) {
    std::map<std::pair<std::string, std::string_view>, Group*> known;
    for (Group& now : now_groups_)
        if (now.row == kNone) known[{now.module, now.name}] = &now;
    for (Group& base : base_groups_) {
        if (base.row != kNone || !base.module.starts_with(old_root)) continue;
        const auto found = known.find({new_root + base.module.substr(old_root.size()), base.name});
        if (found != known.end() && found->second->row == kNone) join(base, *found->second, kind);
    }
}

/// The two roots under which most files are that have the same unique name on both sides.
std::pair<std::string, std::string> Matcher::other_checkout() const {
    const auto files = [](const std::vector<Group>& groups) {
        std::map<std::string_view, std::string_view> by_name;  // base name → path; an empty path: not unique
        for (const Group& group : groups) {
            if (group.row != kNone) continue;
            const auto [at, is_new] = by_name.try_emplace(base_name(group.module), group.module);
            if (!is_new && at->second != group.module) at->second = "";
        }
        return by_name;
    };
    const auto old_files = files(base_groups_);
    const auto new_files = files(now_groups_);
    std::map<std::pair<std::string, std::string>, std::size_t> votes;
    std::pair<std::string, std::string> best;
    std::size_t most = 0;
    for (const auto& [name, path] : old_files) {
        const auto found = new_files.find(name);
        if (found == new_files.end() || path.empty() || found->second.empty()) continue;
        const std::size_t end = common_end(path, found->second);
        if (end == 0) continue;
        std::pair<std::string, std::string> roots{path.substr(0, path.size() - end),
                                                  found->second.substr(0, found->second.size() - end)};
        if (const std::size_t count = ++votes[roots]; count > most) {
            most = count;
            best = std::move(roots);
        }
    }
    return best;
}

/// Takes pairs, better ones first, as long as both are free. `only_if_unique`: none that has an equal rival.
void Matcher::join_best(Pairs pairs, MatchKind kind, bool only_if_unique) {
    std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
        return std::get<0>(a) != std::get<0>(b) ? std::get<0>(a) > std::get<0>(b) : a < b;
    });
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto& [quality, b, n] = pairs[i];
        if (base_groups_[b].row != kNone || now_groups_[n].row != kNone) continue;
        bool rival = false;
        for (std::size_t k = i + 1; only_if_unique && k < pairs.size() && std::get<0>(pairs[k]) == quality; ++k) {
            const bool same_base = std::get<1>(pairs[k]) == b && now_groups_[std::get<2>(pairs[k])].row == kNone;
            const bool same_now = std::get<2>(pairs[k]) == n && base_groups_[std::get<1>(pairs[k])].row == kNone;
            rival = rival || same_base || same_now;
        }
        if (!rival) join(base_groups_[b], now_groups_[n], kind);
    }
}

void Matcher::by_path_end() {
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::uint32_t>> known;
    for (std::uint32_t n = 0; n < now_groups_.size(); ++n)
        if (now_groups_[n].row == kNone) known[{base_name(now_groups_[n].module), now_groups_[n].name}].push_back(n);
    Pairs pairs;
    for (std::uint32_t b = 0; b < base_groups_.size(); ++b) {
        const Group& base = base_groups_[b];
        if (base.row != kNone || base.module.empty()) continue;
        const auto found = known.find({base_name(base.module), base.name});
        if (found == known.end() || found->second.size() > 64) continue;
        for (const std::uint32_t n : found->second) {
            const std::size_t end = common_end(base.module, now_groups_[n].module);
            if (end > 0) pairs.emplace_back(static_cast<double>(end), b, n);
        }
    }
    join_best(std::move(pairs), MatchKind::kPath, true);
}

void Matcher::by_name() {
    std::map<std::string_view, std::vector<std::uint32_t>> known;
    for (std::uint32_t n = 0; n < now_groups_.size(); ++n)
        if (now_groups_[n].row == kNone && !is_generic(now_groups_[n].name)) known[now_groups_[n].name].push_back(n);
    Pairs pairs;
    for (std::uint32_t b = 0; b < base_groups_.size(); ++b) {
        if (base_groups_[b].row != kNone) continue;
        const auto found = known.find(base_groups_[b].name);
        if (found == known.end() || found->second.size() > 64) continue;
        for (const std::uint32_t n : found->second) pairs.emplace_back(1.0, b, n);
    }
    join_best(std::move(pairs), MatchKind::kMoved, true);
}

/// Time by caller and callee of a group; functions already matched are called by their row, others by their name.
std::map<std::string, double> Matcher::neighbours(const SideTree& side, const std::vector<Group>& groups,
                                                  const std::vector<std::uint32_t>& rows, std::uint32_t group,
                                                  double& self) const {
    std::map<std::string, double> time;
    std::vector<double> node_time(side.nodes().size(), 0);
    double all = 0;
    for (const RunColumn& run : side.runs())
        for (const NodeTime& t : run.times) node_time[t.node] += t.ns;
    const std::vector<double> own = node_time;
    for (std::size_t i = side.nodes().size(); i-- > 1;) node_time[side.nodes()[i].parent] += node_time[i];
    all = node_time[0];
    const std::vector<std::uint32_t>& functions = groups[group].functions;
    const auto is_of = [&](std::uint32_t node) {
        return node != 0 &&
               std::find(functions.begin(), functions.end(), side.nodes()[node].function) != functions.end();
    };
    const auto called = [&](std::uint32_t node) {
        if (node == 0) return std::string("-");
        const std::uint32_t function = side.nodes()[node].function;
        return rows[function] != kNone ? std::to_string(rows[function]) : side.functions()[function].name;
    };
    self = 0;
    for (std::uint32_t i = 1; i < side.nodes().size(); ++i) {
        const std::uint32_t parent = side.nodes()[i].parent;
        if (is_of(i)) {
            time["< " + called(parent)] += node_time[i] / all;
            self += own[i] / all;
        } else if (is_of(parent)) {
            time["> " + called(i)] += node_time[i] / all;
        }
    }
    return time;
}

double cosine(const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
    double both = 0;
    double aa = 0;
    double bb = 0;
    for (const auto& [key, value] : a) {
        aa += value * value;
        if (const auto found = b.find(key); found != b.end()) both += value * found->second;
    }
    for (const auto& [key, value] : b) bb += value * value;
    return aa > 0 && bb > 0 ? both / std::sqrt(aa * bb) : 0;
}

void Matcher::by_structure() {
    struct Candidate {
        std::uint32_t group;
        std::map<std::string, double> time;
        double self;
    };
    constexpr std::size_t kMost = 200;  // of a side: each is a pass over its tree
    // The module of a base group as it is called on the new side: that of a matched neighbour in the same file.
    std::map<std::string, std::string> renamed_file;
    for (const FunctionMatch::Row& row : match_.rows)
        renamed_file.emplace(base_.functions()[row.base].module, now_.functions()[row.now].module);
    const auto candidates = [&](const SideTree& side, const std::vector<Group>& groups,
                                const std::vector<std::uint32_t>& rows) {
        std::vector<Candidate> list;
        for (std::uint32_t g = 0; g < groups.size() && list.size() < kMost; ++g) {
            if (groups[g].row != kNone || groups[g].module.empty() || is_generic(groups[g].name)) continue;
            Candidate candidate{g, {}, 0};
            candidate.time = neighbours(side, groups, rows, g, candidate.self);
            list.push_back(std::move(candidate));
        }
        return list;
    };
    const auto old_ones = candidates(base_, base_groups_, match_.base_row);
    if (old_ones.empty()) return;
    const auto new_ones = candidates(now_, now_groups_, match_.now_row);
    Pairs pairs;
    for (const Candidate& b : old_ones) {
        for (const Candidate& n : new_ones) {
            const auto file = renamed_file.find(base_groups_[b.group].module);
            const std::string& module = file != renamed_file.end() ? file->second : base_groups_[b.group].module;
            if (module != now_groups_[n.group].module) continue;
            if (b.self > n.self * kSameSize || n.self > b.self * kSameSize) continue;
            if (const double alike = cosine(b.time, n.time); alike >= kSimilar)
                pairs.emplace_back(alike, b.group, n.group);
        }
    }
    join_best(std::move(pairs), MatchKind::kRenamed, true);
}

void Matcher::alone(Group& group, bool is_base) {
    group.row = static_cast<std::uint32_t>(match_.rows.size());
    for (const std::uint32_t function : group.functions) {
        (is_base ? match_.base_row : match_.now_row)[function] = static_cast<std::uint32_t>(match_.rows.size());
        match_.rows.push_back({is_base ? MatchKind::kOnlyBase : MatchKind::kOnlyNew, is_base ? function : kNone,
                               is_base ? kNone : function});
    }
}

FunctionMatch Matcher::finish() && {
    for (Group& group : base_groups_)
        if (group.row == kNone) alone(group, true);
    for (Group& group : now_groups_)
        if (group.row == kNone) alone(group, false);
    return std::move(match_);
}

}  // namespace

FunctionMatch match_functions(const SideTree& base, const SideTree& now,
                              const std::vector<std::pair<std::string, std::string>>& renames) {
    Matcher matcher(base, now);
    matcher.by_request(renames);
    matcher.by_key("", "", MatchKind::kSame);
    if (const auto [old_root, new_root] = matcher.other_checkout(); old_root != new_root)
        matcher.by_key(old_root, new_root, MatchKind::kPath);
    matcher.by_path_end();
    matcher.by_name();
    matcher.by_structure();
    return std::move(matcher).finish();
}

}  // namespace lampyr::check
