// SPDX-License-Identifier: MIT
#include "cpython/runtime_locator.hpp"

#include "cpython/debug_offsets.hpp"
#include "cpython/layout_table.hpp"
#include "cpython/runtime_candidates.hpp"
#include "cpython/runtime_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace lampyr::cpython {
namespace {

/// Why no candidate was accepted; the strongest reason is told.
struct Refusals {
    bool starting = false;
    std::string unsupported;  ///< version text of one that is not supported
    std::string mismatch;     ///< version text of one whose structures differ

    [[nodiscard]] bool none() const { return !starting && unsupported.empty() && mismatch.empty(); }
    void merge(Refusals&& other) {
        starting |= other.starting;
        if (!other.unsupported.empty()) unsupported = std::move(other.unsupported);
        if (!other.mismatch.empty()) mismatch = std::move(other.mismatch);
    }
};

/// What to read a candidate with, before it is proved.
struct Proposal {
    Layout layout;
    std::string version_text;
    std::string note;
    bool published = false;
};

std::optional<Proposal> propose_by_table(const CandidateFinder& finder, const Candidate& candidate,
                                         Refusals& refusals) {
    const auto version = finder.version_of(candidate);
    if (!version) return std::nullopt;
    const Layout* layout = find_layout(version->version);
    const bool anchored_in_runtime = candidate.anchor == Anchor::kRuntime;
    if (layout == nullptr || layout->runtime.interpreters_head.present() != anchored_in_runtime) {
        refusals.unsupported = version->text();
        return std::nullopt;
    }
    Proposal proposal{*layout, version->text(), {}, false};
    proposal.layout.version = version->version;
    return proposal;
}

std::optional<Proposal> propose(const process::RemoteMemory& memory, const CandidateFinder& finder,
                                const Candidate& candidate, Refusals& refusals) {
    if (candidate.anchor == Anchor::kRuntime && read_debug_header(memory, candidate.address)) {
        auto published = read_debug_offsets(memory, candidate.address);
        if (!published) {
            refusals.mismatch = read_debug_header(memory, candidate.address)->text();
            return std::nullopt;
        }
        return Proposal{published->layout, published->version.text(), published->note, true};
    }
    return propose_by_table(finder, candidate, refusals);
}

/// No version is known: the table whose structures pass the checks is taken, if it is the only one. Several tables can
/// agree on all that is checked and still differ in what a frame's line is (3.9 and 3.10).
std::optional<Proposal> propose_by_trial(const process::RemoteMemory& memory, const Candidate& candidate,
                                         Refusals& refusals) {
    const Layout* fitting = nullptr;
    int fit = 0;
    for (const Layout* layout : all_layouts()) {
        if (layout->runtime.interpreters_head.present() != (candidate.anchor == Anchor::kRuntime)) continue;
        const RuntimeCheck check = check_runtime(memory, *layout, candidate.address);
        refusals.starting |= check == RuntimeCheck::kNotInitialised;
        if (check != RuntimeCheck::kGood) continue;
        const auto frames = check_frames(memory, *layout, candidate.address);
        refusals.starting |= !frames.has_value();  // the version text is made before the first frame runs
        if (frames != true) continue;
        fitting = layout;
        ++fit;
    }
    if (fit == 1) {
        const Version& version = fitting->version;
        return Proposal{*fitting,
                        fmt::format("{}.{}{}", version.major, version.minor, version.free_threaded ? "t" : ""),
                        "the interpreter does not tell its version; its structures are those of this one"};
    }
    if (fit > 1 || !refusals.starting) {
        refusals.starting = false;
        refusals.mismatch = "of unknown version";
    }
    return std::nullopt;
}

/// ".../lib/python3.13": from an extension module of the standard library that is mapped, else from where the library is.
std::string find_stdlib(std::span<const process::Mapping> mappings, const Version& version,
                        const std::string& library) {
    const std::string name =
        fmt::format("/python{}.{}{}", version.major, version.minor, version.free_threaded ? "t" : "");
    const std::string modules = name + "/lib-dynload/";
    for (const process::Mapping& mapping : mappings)
        if (const auto at = mapping.path.find(modules); at != std::string::npos)
            return mapping.path.substr(0, at) + name;
    const auto folder_end = library.rfind('/');
    if (folder_end == std::string::npos) return {};
    const std::string folder = library.substr(0, folder_end);
    if (folder.ends_with("/bin")) return folder.substr(0, folder.size() - 4) + "/lib" + name;
    return folder.ends_with("/lib") ? folder + name : std::string();
}

std::optional<RuntimeLocation> evaluate(const process::RemoteMemory& memory, const CandidateFinder& finder,
                                        const Candidate& candidate, Refusals& refusals) {
    auto proposal = propose(memory, finder, candidate, refusals);
    if (!proposal && refusals.none()) proposal = propose_by_trial(memory, candidate, refusals);
    if (!proposal) return std::nullopt;
    switch (check_runtime(memory, proposal->layout, candidate.address)) {
        case RuntimeCheck::kGood: break;
        case RuntimeCheck::kNotInitialised: refusals.starting = true; return std::nullopt;
        case RuntimeCheck::kMismatch: refusals.mismatch = proposal->version_text; return std::nullopt;
    }
    if (!proposal->note.empty() && check_frames(memory, proposal->layout, candidate.address) == false) {
        refusals.unsupported = proposal->version_text;
        return std::nullopt;
    }
    if (proposal->note.empty()) proposal->note = candidate.note;
    RuntimeLocation location{.layout = proposal->layout,
                             .version_text = std::move(proposal->version_text),
                             .runtime = candidate.address,
                             .current_thread = candidate.current_thread,
                             .strategy = LocateStrategy::kMemorySymbols,
                             .how = candidate.how,
                             .note = std::move(proposal->note),
                             .library_path = std::string(candidate.image->path()),
                             .stdlib_hint = {},
                             .published_layout = proposal->published};
    return location;
}

Error refusal_error(Pid pid, const Refusals& refusals) {
    if (refusals.starting)
        return {ErrorCode::kPythonStarting, fmt::format("the Python in process {} is not initialised", pid.value),
                "it is starting or ending; try again in a moment", 0};
    if (!refusals.unsupported.empty())
        return {ErrorCode::kUnsupportedVersion,
                fmt::format("process {} runs Python {}, which is not supported", pid.value, refusals.unsupported),
                "supported are CPython 2.7 and 3.6 to 3.15", 0};
    if (!refusals.mismatch.empty())
        return {ErrorCode::kUnsupportedVersion,
                fmt::format("the structures of Python {} in process {} are not those of a release build",
                            refusals.mismatch, pid.value),
                "debug builds before 3.13 and patched interpreters cannot be read", 0};
    return {ErrorCode::kNotPython, fmt::format("process {} holds no Python interpreter", pid.value), {}, 0};
}

}  // namespace

std::string_view to_string(LocateStrategy strategy) {
    switch (strategy) {
        case LocateStrategy::kMemorySymbols: return "memory symbols";
        case LocateStrategy::kFileSymbols: return "file symbols";
        case LocateStrategy::kRuntimeSection: return "runtime section";
        case LocateStrategy::kCookieScan: return "cookie scan";
        case LocateStrategy::kPointerScan: return "pointer scan";
    }
    return "?";
}

Result<std::vector<RuntimeLocation>> locate_runtimes(const process::RemoteMemory& memory, Pid pid,
                                                     std::span<const process::Mapping> mappings,
                                                     std::span<const LocateStrategy> strategies) {
    const CandidateFinder finder(memory, pid, mappings);
    if (!finder.anything_readable())
        return Error{ErrorCode::kTargetGone, fmt::format("nothing of process {} could be read", pid.value), {}, 0};
    Refusals refusals;
    std::vector<RuntimeLocation> found;
    for (const LocateStrategy strategy : strategies) {
        for (const Candidate& candidate : finder.find(strategy)) {
            const bool known = std::any_of(found.begin(), found.end(), [&](const RuntimeLocation& other) {
                return other.runtime == candidate.address;
            });
            if (known) continue;
            Refusals own;
            auto location = evaluate(memory, finder, candidate, own);
            refusals.merge(std::move(own));
            if (!location) continue;
            location->strategy = strategy;
            location->stdlib_hint = find_stdlib(mappings, location->layout.version, location->library_path);
            found.push_back(std::move(*location));
        }
        if (!found.empty()) return found;
        // The interpreter is known and is not ready: scanning for another one would only find its remains.
        if (refusals.starting) break;
    }
    return refusal_error(pid, refusals);
}

Result<RuntimeLocation> locate_runtime(const process::RemoteMemory& memory, Pid pid,
                                       std::span<const process::Mapping> mappings,
                                       std::span<const LocateStrategy> strategies) {
    auto found = locate_runtimes(memory, pid, mappings, strategies);
    if (!found) return found.error();
    RuntimeLocation first = std::move(found->front());
    for (const RuntimeLocation& other : std::span(*found).subspan(1))
        first.note += fmt::format("{}it also runs Python {} in {}, which is not shown", first.note.empty() ? "" : "; ",
                                  other.version_text, other.library_path);
    return first;
}

Result<RuntimeLocation> locate_runtime(const process::RemoteMemory& memory, Pid pid,
                                       std::span<const process::Mapping> mappings) {
    return locate_runtime(memory, pid, mappings, kLocateStrategies);
}

}  // namespace lampyr::cpython
