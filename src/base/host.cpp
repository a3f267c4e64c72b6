// SPDX-License-Identifier: MIT
#include "base/host.hpp"

#include <fmt/format.h>

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

namespace lampyr::base {

Host this_host() {
    Host host;
    utsname names{};
    if (::uname(&names) == 0) {
        host.name = names.nodename;
        host.kernel = fmt::format("{} {}", names.sysname, names.release);
        host.machine = names.machine;
    }
    host.processors = static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 0L));
    return host;
}

std::chrono::nanoseconds unix_time() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace lampyr::base
