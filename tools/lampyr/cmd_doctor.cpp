// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "exit_codes.hpp"
#include "output_file.hpp"

#include <lampyr/doctor.hpp>

namespace lampyr::tool {

int run_doctor(const DoctorArgs& args) {
    const Messages messages{Verbosity::kNormal, args.colour};
    const auto failed = [&messages](const Error& error) {
        messages.error(error);
        return exit_code(error.code, false);
    };
    Result<OutputFile> output = OutputFile::open("-");
    if (!output) return failed(output.error());
    const Result<Diagnosis> diagnosis = diagnose(args.pid);
    if (!diagnosis) return failed(diagnosis.error());
    static_cast<void>(output->write(format_diagnosis(*diagnosis)));
    if (const auto written = output->commit(); !written) return failed(written.error());
    return diagnosis->can_be_profiled() ? kExitOk : exit_code(diagnosis->obstacle->code, false);
}

}  // namespace lampyr::tool
