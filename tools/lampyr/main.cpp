// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "messages.hpp"
#include "terminal.hpp"

#include <unistd.h>

#include <exception>
#include <string>
#include <vector>

namespace {

using namespace lampyr;
using namespace lampyr::tool;

int show(const ShowText& shown) {
    const bool written = write_all(shown.asked ? STDOUT_FILENO : STDERR_FILENO, shown.text);
    return shown.asked ? (written ? kExitOk : kExitFailed) : kExitUsage;
}

int run(std::vector<std::string> words) {
    const Result<Command> command = parse_command_line(std::move(words));
    if (!command) {
        Messages{Verbosity::kNormal, ColourChoice::kAuto}.error(command.error());
        return kExitUsage;
    }
    if (const auto* shown = std::get_if<ShowText>(&*command)) return show(*shown);
    if (const auto* args = std::get_if<RecordArgs>(&*command)) return run_record(*args);
    if (const auto* args = std::get_if<ReportArgs>(&*command)) return run_report(*args);
    if (const auto* args = std::get_if<DiffArgs>(&*command)) return run_diff(*args);
    if (const auto* args = std::get_if<CheckArgs>(&*command)) return run_check(*args);
    if (const auto* args = std::get_if<TopArgs>(&*command)) return run_top(*args);
    if (const auto* args = std::get_if<DoctorArgs>(&*command)) return run_doctor(*args);
    return run_dump(std::get<DumpArgs>(*command));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
    } catch (const std::exception& failure) {  // out of memory, or a library we use
        Messages{Verbosity::kNormal, ColourChoice::kAuto}.error(
            Error{ErrorCode::kInternal, std::string{"internal error: "} + failure.what(), "please report it", 0});
        return kExitSpawnFailed;
    }
}
