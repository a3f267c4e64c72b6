// SPDX-License-Identifier: MIT
#include "check_reports.hpp"

#include "output_file.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

namespace lampyr::tool {
namespace {

class StringSink final : public ByteSink {
  public:
    [[nodiscard]] bool write(std::string_view bytes) override {
        text.append(bytes);
        return true;
    }
    std::string text;
};

/// GitHub's runner looks for commands in whatever a step prints, in the middle of a line as well (`##[`); between these two
/// it does not. The word that ends it is one the text does not hold.
std::string without_commands(const std::string& text) {
    std::string word = fmt::format("lampyr-{:016x}", std::hash<std::string>{}(text));
    while (text.find(word) != std::string::npos) word += 'x';
    return fmt::format("::stop-commands::{0}\n{1}::{0}::\n", word, text);
}

Result<void> print(const CheckResult& result, CheckFormat format, bool github) {
    StringSink sink;
    if (const auto written = write_check(result, format, sink); !written) return written.error();
    if (github && format == CheckFormat::kText) sink.text = without_commands(sink.text);
    if (!write_all(STDOUT_FILENO, sink.text))
        return Error{ErrorCode::kOutput, "cannot write to standard output", "", 0};
    return {};
}

template <typename Write>
Result<void> to_file(const std::string& path, Write&& write) {
    if (path.empty()) return {};
    Result<OutputFile> file = OutputFile::open(path);
    if (!file) return file.error();
    const Result<void> written = write(*file);
    if (!written && written.error().code != ErrorCode::kOutput) return written.error();
    if (const auto done = file->commit(); !done) return done.error();
    return {};
}

Result<void> append_summary(const CheckResult& result) {
    const char* path = std::getenv("GITHUB_STEP_SUMMARY");
    if (path == nullptr || *path == '\0') return {};
    StringSink sink;
    if (const auto written = write_check(result, CheckFormat::kMarkdown, sink); !written) return written.error();
    constexpr std::size_t kMost = 1 << 20;  // what GitHub takes
    if (sink.text.size() > kMost) sink.text.resize(sink.text.rfind('\n', kMost - 1) + 1);
    std::ofstream out(path, std::ios::binary | std::ios::app);
    out << sink.text;
    if (!out.flush()) return Error{ErrorCode::kOutput, "cannot write the summary of the step", "", 0};
    return {};
}

Result<void> write_files(const CheckArgs& args, const CheckResult& result) {
    const auto report = [&result](const std::string& path, CheckFormat format) {
        return to_file(path, [&](ByteSink& sink) { return write_check(result, format, sink); });
    };
    const auto picture = [&result](const std::string& path) {
        return to_file(path, [&](ByteSink& sink) { return write_diff(result.comparison, DiffFormat::kSvg, {}, sink); });
    };
    const std::string folder = args.artifacts.empty() ? "" : args.artifacts + "/";
    if (!folder.empty()) {
        std::error_code failure;
        std::filesystem::create_directories(folder, failure);
        if (failure) return Error{ErrorCode::kOutput, "cannot make the directory for the artifacts", "", 0};
    }
    const auto in_folder = [&folder](const char* name) { return folder.empty() ? folder : folder + name; };
    for (const auto& [path, format] :
         {std::pair{args.json, CheckFormat::kJson}, std::pair{in_folder("check.json"), CheckFormat::kJson},
          std::pair{args.junit, CheckFormat::kJunit}, std::pair{in_folder("junit.xml"), CheckFormat::kJunit},
          std::pair{args.markdown, CheckFormat::kMarkdown}, std::pair{in_folder("summary.md"), CheckFormat::kMarkdown},
          std::pair{args.gitlab, CheckFormat::kGitlab}, std::pair{in_folder("gitlab.json"), CheckFormat::kGitlab},
          std::pair{in_folder("verdict.txt"), CheckFormat::kText}}) {
        if (const auto done = report(path, format); !done) return done.error();
    }
    if (const auto done = picture(args.svg); !done) return done.error();
    return picture(in_folder("diff.svg"));
}

}  // namespace

Result<void> write_reports(const CheckArgs& args, const CheckResult& result) {
    if (const auto done = print(result, CheckFormat::kText, args.github); !done) return done.error();
    if (const auto done = write_files(args, result); !done) return done.error();
    if (!args.github) return {};
    if (const auto done = print(result, CheckFormat::kGithub, true); !done) return done.error();
    return append_summary(result);
}

}  // namespace lampyr::tool
