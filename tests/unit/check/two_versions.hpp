// SPDX-License-Identifier: MIT
#pragma once

#include "../profile/sample_profile.hpp"

#include <lampyr/compare.hpp>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::check::test {

/// A function of a made-up program: called by `caller` (empty: by nobody), with so many samples of its own.
struct Part {
    std::string name;
    std::string file = "/home/me/app/main.py";
    std::uint32_t line = 1;
    std::string caller{};
    double samples = 100;
};

/// Profiles of a program made of parts, one call path each.
class Program {
  public:
    explicit Program(std::vector<Part> parts) : parts_(std::move(parts)) {}

    /// `noise`: standard deviation of each part's logarithm.
    Profile run(double noise = 0, std::uint64_t seed = 1) const {
        std::mt19937_64 random(seed);
        std::normal_distribution<double> normal;
        lampyr::test::ProfileDraft draft;
        const ThreadId thread = draft.thread(draft.process(1), 1);
        for (const Part& part : parts_) {
            const double mean = part.samples * std::exp(noise * normal(random));
            auto count = static_cast<std::int64_t>(mean);
            if (noise > 0) count = std::poisson_distribution<std::int64_t>(mean)(random);
            const StackId stack = path(draft, part);
            for (std::int64_t i = 0; i < count; ++i) draft.sample(thread, stack, 0, 1);
        }
        ProfileInfo info;
        info.interval = std::chrono::milliseconds(1);
        return draft.finish(info);
    }

    ProfileSide side(std::size_t runs, double noise, std::uint64_t seed) const {
        ProfileSide side;
        for (std::size_t i = 0; i < runs; ++i) side.add(run(noise, seed * 1000 + i), {"run", 0, 1});
        return side;
    }

  private:
    StackId path(lampyr::test::ProfileDraft& draft, const Part& part) const {
        StackId parent = kEmptyStack;
        for (const Part& other : parts_)
            if (!part.caller.empty() && other.name == part.caller) parent = path(draft, other);
        return draft.builder.intern_stack(parent, draft.frame(part.name, part.file, part.line, part.line));
    }

    std::vector<Part> parts_;
};

/// Twelve functions below `main`; enough to tell the host's speed.
inline std::vector<Part> ordinary_parts(const std::string& root = "/home/me/app/") {
    std::vector<Part> parts{{"main", root + "main.py", 1, "", 200}};
    for (std::uint32_t i = 0; i < 12; ++i)
        parts.push_back({"f" + std::to_string(i), root + "lib/f.py", 10 + 10 * i, "main", 2000.0 / (i + 1)});
    return parts;
}

inline const FunctionChange* find(const Comparison& comparison, std::string_view name) {
    for (const FunctionChange& function : comparison.functions)
        if (function.name == name) return &function;
    return nullptr;
}

}  // namespace lampyr::check::test
