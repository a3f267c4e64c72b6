// SPDX-License-Identifier: MIT
#include "profile/file/write_file.hpp"

#include "profile/file/block_packer.hpp"
#include "profile/file/delta_encoder.hpp"

#include <lampyr/profile_sink.hpp>

namespace lampyr::profile::file {

Result<void> write_file(const Profile& profile, ByteSink& sink) {
    auto packer = BlockPacker::make();
    if (!packer) return packer.error();
    std::vector<ThreadUpdate> threads;
    threads.reserve(profile.threads.size());
    for (const Thread& thread : profile.threads)
        threads.push_back({ThreadId{static_cast<std::uint32_t>(threads.size())}, thread});
    ProfileDelta delta{.info = profile.info};
    delta.strings = profile.strings;
    delta.functions = profile.functions;
    delta.frames = profile.frames;
    delta.stacks = profile.stacks;
    delta.processes = profile.processes;
    delta.threads = threads;
    delta.samples = profile.samples;
    DeltaEncoder encoder;
    const bool written = sink.write(file_header()) &&
                         encoder.encode(
                             delta, [&](std::string_view message) { return sink.write(packer->pack(message)); }, true);
    if (!written) return Error{ErrorCode::kOutput, "the output could not be written", "", 0};
    return {};
}

}  // namespace lampyr::profile::file
