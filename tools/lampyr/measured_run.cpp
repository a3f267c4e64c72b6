// SPDX-License-Identifier: MIT
#include "measured_run.hpp"

#include "base_checkout.hpp"
#include "exit_codes.hpp"
#include "option_values.hpp"

#include <lampyr/sampler.hpp>
#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <regex.h>
#include <sys/resource.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace lampyr::tool {
namespace {

constexpr std::size_t kMostOutput = 16 << 20;

/// CPU seconds of all processes that we have waited for, and that they have.
double children_cpu_s() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Whether a shell would run one program: no operator outside quotes, no reserved word in front.
bool is_single(const std::string& command) {
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (c == '\\' && quote != '\'')
            ++i;
        else if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (std::string_view("|&;()\n").find(c) != std::string_view::npos)
            return false;
    }
    return !command.starts_with("exec ") && !command.starts_with("{") && !command.starts_with("!");
}

/// A single command takes the shell's place, so that the process started is the program; else the shell stays. With env(1)
/// a command may begin with variables.
std::string script_for(const RunOrders& orders) {
    std::string script = orders.directory.empty() ? "" : "cd " + shell_quoted(orders.directory) + " && ";
    script += is_single(orders.command) ? "exec env " + orders.command : "{ " + orders.command + "\n}";
    return script + " >" + shell_quoted(orders.log) + " 2>&1";
}

/// A shell that runs Python below it is no Python.
Error with_exec_hint(Error error, const std::string& command) {
    if (error.code == ErrorCode::kNotPython)
        error.hint = is_single(command) ? "the command has to run Python for a while"
                                        : "put exec before the Python program in the command";
    return error;
}

std::string tail_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.size() > kMostOutput) text.erase(0, text.size() - kMostOutput);
    return text;
}

class Expression {
  public:
    explicit Expression(const std::string& text)
        : good_(::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NEWLINE) == 0) {}
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
    ~Expression() {
        if (good_) ::regfree(&compiled_);
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] const regex_t* get() const { return &compiled_; }

  private:
    regex_t compiled_{};
    bool good_;
};

/// The number the last match of the expression's first group names.
Result<double> work_in(const std::string& text, const std::string& expression) {
    const Expression compiled(expression);
    if (!compiled.good() || compiled.get()->re_nsub < 1)
        return Error{ErrorCode::kUsage, fmt::format("{} is no expression with a group", in_quotes(expression)),
                     "such as --work-from 'handled ([0-9]+) requests'", 0};
    std::optional<double> found;
    std::array<regmatch_t, 2> match{};
    const char* at = text.c_str();
    while (::regexec(compiled.get(), at, match.size(), match.data(), at == text.c_str() ? 0 : REG_NOTBOL) == 0) {
        double value = 0;
        const char* from = at + match[1].rm_so;
        const char* end = at + match[1].rm_eo;
        if (match[1].rm_so >= 0 && std::from_chars(from, end, value).ec == std::errc{} && value > 0) found = value;
        at += match[0].rm_eo > 0 ? match[0].rm_eo : 1;
        if (at >= text.c_str() + text.size()) break;
    }
    if (found) return *found;
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{} matches no number in what the run printed", in_quotes(expression)), "", 0};
}

std::string last_line(const std::string& text) {
    std::size_t end = text.find_last_not_of("\n");
    if (end == std::string::npos) return "";
    const std::size_t begin = text.rfind('\n', end);
    return terminal_safe(text.substr(begin == std::string::npos ? 0 : begin + 1, end - begin).substr(0, 200));
}

Error with_last_line(Error error, const std::string& log) {
    if (const std::string line = last_line(tail_of(log)); !line.empty())
        error.message += fmt::format("; its last words: {}", line);
    return error;
}

}  // namespace

Result<MeasuredRun> measure(const RunOrders& orders, const StopSignals& signals) {
    const double before = children_cpu_s();
    SpawnOptions spawning;
    spawning.arguments = {"/bin/sh", "-c", script_for(orders)};
    spawning.stop = &signals.stop();
    Result<Target> child = Target::spawn(spawning);
    if (!child) return with_last_line(with_exec_hint(child.error(), orders.command), orders.log);
    SamplerOptions sampling;
    sampling.rate_hz = orders.rate_hz;
    std::vector<Target> targets;
    targets.push_back(std::move(*child));
    Result<Recording> recording = record(targets, sampling, signals.stop());
    const std::optional<ExitStatus> ended = targets.front().wait();
    if (!recording) return with_last_line(recording.error(), orders.log);
    const int status = ended ? exit_code(*ended) : 0;
    if (status != 0)
        return with_last_line(
            Error{ErrorCode::kTargetGone, fmt::format("the program failed with status {}", status), "", 0, status},
            orders.log);
    MeasuredRun run;
    run.profile = std::move(recording->profile);
    if (run.profile.info.stacks == 0)
        return Error{ErrorCode::kTargetGone, "the program ended before a sample was taken", "let it do more work", 0};
    run.facts.cpu_s = children_cpu_s() - before;
    run.facts.work = orders.work;
    if (!orders.work_from.empty()) {
        const Result<double> work = work_in(tail_of(orders.log), orders.work_from);
        if (!work) return work.error();
        run.facts.work = *work;
    }
    return run;
}

}  // namespace lampyr::tool
