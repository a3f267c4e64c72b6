// SPDX-License-Identifier: MIT
#include "recorded_runs.hpp"

#include <lampyr/export.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace lampyr::tool {
namespace {

constexpr std::string_view kName = "runs.json";

Result<std::map<std::string, RunFacts>> read_runs_json(const std::filesystem::path& directory) {
    std::map<std::string, RunFacts> facts;
    std::ifstream in(directory / kName, std::ios::binary);
    if (!in) return facts;
    const auto bad = [&directory] {
        return Error{ErrorCode::kCorrupt, fmt::format("cannot use {}", in_quotes((directory / kName).string())),
                     "it is written by lampyr check --artifacts; remove it to take CPU times from the profiles", 0};
    };
    const nlohmann::json json = nlohmann::json::parse(in, nullptr, false);
    if (!json.is_object() || json.value("schema", "") != "lampyr-runs-1" || !json.contains("runs") ||
        !json["runs"].is_array()) {
        return bad();
    }
    for (const nlohmann::json& run : json["runs"]) {
        if (!run.is_object() || !run.contains("file") || !run["file"].is_string()) return bad();
        RunFacts known;
        for (const auto& [key, value] : {std::pair{"cpu_s", &known.cpu_s}, std::pair{"work", &known.work}}) {
            if (!run.contains(key)) continue;
            if (!run[key].is_number() || run[key].get<double>() < 0) return bad();
            *value = run[key].get<double>();
        }
        facts[run["file"].get<std::string>()] = known;
    }
    return facts;
}

}  // namespace

std::string runs_json(const std::vector<RunEntry>& runs) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const RunEntry& run : runs) list.push_back({{"file", run.file}, {"cpu_s", run.cpu_s}, {"work", run.work}});
    return nlohmann::ordered_json{{"schema", "lampyr-runs-1"}, {"runs", list}}.dump(2) + "\n";
}

Result<void> add_recorded(ProfileSide& side, Conditions& conditions, const std::vector<std::string>& paths,
                          const Messages& messages) {
    std::vector<RunFile> runs;
    for (const std::string& path : paths) {
        std::error_code failure;
        if (!std::filesystem::is_directory(path, failure)) {
            runs.push_back({path, {}});
            continue;
        }
        const auto known = read_runs_json(path);
        if (!known) return known.error();
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(path, failure)) {
            const std::string name = entry.path().filename().string();
            if (name != kName && !name.ends_with(".log") && format_of_file(name)) files.push_back(entry.path());
        }
        if (files.empty())
            return Error{ErrorCode::kUsage, fmt::format("there are no profiles in {}", in_quotes(path)), "", 0};
        std::sort(files.begin(), files.end());
        for (const std::filesystem::path& file : files) {
            const auto found = known->find(file.filename().string());
            runs.push_back({file.string(), found != known->end() ? found->second : RunFacts{}});
        }
    }
    return add_files(side, conditions, runs, messages);
}

}  // namespace lampyr::tool
