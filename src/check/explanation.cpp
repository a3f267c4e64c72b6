// SPDX-License-Identifier: MIT
#include "check/explanation.hpp"

#include <algorithm>
#include <cmath>

namespace lampyr::check {
namespace {

constexpr double kMatched = 0.6;    // of what was gained has to be lost elsewhere
constexpr double kUnchanged = 0.4;  // of it may show in the function above

double growth(const Change& change) { return change.time ? change.time->effect() * change.share.base : 0; }

/// Self or total time of the new side, by named function: all of it, and what is below one function.
struct Below {
    double all = 0;
    double under = 0;
};

}  // namespace

Explained explain(const Comparison& comparison, std::size_t function, const std::vector<std::size_t>& named,
                  const std::vector<FunctionFinding>& findings) {
    std::vector<int> place(comparison.functions.size(), -1);
    for (std::size_t i = 0; i < named.size(); ++i) place[named[i]] = static_cast<int>(i);
    std::vector<Below> below(named.size());
    std::vector<std::uint32_t> inside(named.size(), 0);  // depth at which a named function was entered; 0: not inside
    std::uint32_t under = 0;                             // depth at which `function` was entered
    for (std::size_t i = 1; i < comparison.paths.size(); ++i) {
        const PathChange& path = comparison.paths[i];
        if (under != 0 && path.depth <= under) under = 0;
        for (std::uint32_t& depth : inside)
            if (depth != 0 && path.depth <= depth) depth = 0;
        if (under == 0 && path.function == function) under = path.depth;
        const int at = place[path.function];
        if (at < 0) continue;
        const auto n = static_cast<std::size_t>(at);
        double time = path.now_self;
        if (findings[named[n]].with_callees) {
            if (inside[n] != 0) continue;
            inside[n] = path.depth;
            time = path.now_total;
        }
        below[n].all += time;
        if (under != 0) below[n].under += time;
    }
    Explained explained;
    double most = 0;
    for (std::size_t n = 0; n < named.size(); ++n) {
        if (below[n].all <= 0) continue;
        const FunctionChange& by = comparison.functions[named[n]];
        const double gives =
            growth(findings[named[n]].with_callees ? by.total : by.self) * below[n].under / below[n].all;
        explained.growth += gives;
        if (gives > most) {
            most = gives;
            explained.by = named[n];
        }
    }
    return explained;
}

Neighbours::Neighbours(const Comparison& comparison)
    : comparison_(comparison), callers_(comparison.functions.size()), callees_(comparison.functions.size()) {
    std::vector<std::size_t> above;  // functions of the path, by depth - 1
    for (std::size_t i = 1; i < comparison.paths.size(); ++i) {
        const PathChange& path = comparison.paths[i];
        above.resize(path.depth - 1);
        if (!above.empty() && above.back() != path.function) {
            callers_[path.function].push_back(above.back());
            callees_[above.back()].push_back(path.function);
        }
        above.push_back(path.function);
    }
    for (auto* lists : {&callers_, &callees_}) {
        for (auto& list : *lists) {
            std::sort(list.begin(), list.end());
            list.erase(std::unique(list.begin(), list.end()), list.end());
        }
    }
}

std::optional<std::size_t> Neighbours::loser(const std::vector<std::size_t>& candidates, std::size_t above,
                                             double gained) const {
    const Change& whole = comparison_.functions[above].total;
    if (!whole.time || whole.significant.slower || std::abs(growth(whole)) > kUnchanged * gained) return std::nullopt;
    double lost = 0;
    double most = 0;
    std::optional<std::size_t> largest;
    for (const std::size_t row : candidates) {
        const FunctionChange& function = comparison_.functions[row];
        double loss = 0;
        if (function.match == MatchKind::kOnlyBase) loss = function.self.share.base;
        if (function.self.significant.faster) loss = -growth(function.self);
        lost += loss;
        if (loss > most) {
            most = loss;
            largest = row;
        }
    }
    return lost >= kMatched * gained ? largest : std::nullopt;
}

std::optional<std::size_t> Neighbours::cost_came_from(std::size_t function) const {
    const double gained = growth(comparison_.functions[function].self);
    if (gained <= 0) return std::nullopt;
    if (const auto callee = loser(callees_[function], function, gained)) return callee;
    for (const std::size_t caller : callers_[function]) {
        std::vector<std::size_t> near = callees_[caller];
        near.push_back(caller);
        near.erase(std::remove(near.begin(), near.end(), function), near.end());
        if (const auto found = loser(near, caller, gained)) return found;
    }
    return std::nullopt;
}

}  // namespace lampyr::check
