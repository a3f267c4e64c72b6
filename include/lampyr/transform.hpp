// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lampyr {

/// One profile that holds what all hold. A process that is the same in several (PID, command line, executable, version)
/// is one, and so are its threads. Recordings that know when they began stand where they belong on the common timeline;
/// without that, and for profiles without a timeline, the result has none. At least one profile is needed.
[[nodiscard]] Result<Profile> merge_profiles(std::vector<Profile> profiles);

/// Which samples to keep: those for which everything given here holds. Texts are POSIX extended regular expressions that
/// match anywhere; of several in one list one has to.
struct ProfileFilter {
    std::vector<std::string> threads{};              ///< the thread's name or `thread (TID)`
    std::vector<std::string> processes{};            ///< `PID command line`
    std::vector<std::string> functions{};            ///< the name of a function in the stack
    std::vector<std::string> files{};                ///< the file, whole or shortened, of a function in the stack
    std::optional<std::chrono::nanoseconds> from{};  ///< since sampling began; needs a timeline
    std::optional<std::chrono::nanoseconds> to{};

    [[nodiscard]] bool empty() const {
        return threads.empty() && processes.empty() && functions.empty() && files.empty() && !from && !to;
    }
};

/// The samples the filter keeps and the names they need. Of a stretch of equal samples that is partly in the time asked for
/// the part is kept. Times, losses and rates stay those of the recording. kUsage: a bad expression, or no times.
[[nodiscard]] Result<Profile> filter_profile(Profile profile, const ProfileFilter& filter);

/// The samples of all processes that had this PID, and the names they need. Times, losses and rates stay those of the
/// recording.
[[nodiscard]] Profile profile_of_process(const Profile& profile, Pid pid);

enum class Grouping : std::uint8_t {
    kFile,    ///< `app/jobs.py`
    kModule,  ///< `app.jobs`
};
/// The profile with files or modules in the place of functions; neighbours that become the same are one frame. Frames
/// that are no code stay.
[[nodiscard]] Profile group_profile(const Profile& profile, Grouping grouping, bool full_filenames);

}  // namespace lampyr
