// SPDX-License-Identifier: MIT
#pragma once

#include "process/unique_fd.hpp"

#include <lampyr/ids.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace lampyr::test {

/// A Python program as a victim: started with pipes as stdin and stdout, killed and collected at the end of scope, and by
/// the kernel when the test dies. It says where it is by lines on stdout and waits by reading stdin; nothing sleeps.
class PythonProcess {
  public:
    /// `script` is below tests/targets.
    PythonProcess(const std::string& python, const std::string& script, const std::vector<std::string>& arguments = {});
    ~PythonProcess();
    PythonProcess(const PythonProcess&) = delete;
    PythonProcess& operator=(const PythonProcess&) = delete;

    [[nodiscard]] Pid pid() const { return Pid(pid_); }
    /// Next line without its newline; nothing at the end of output.
    [[nodiscard]] std::optional<std::string> read_line();
    /// Exactly `size` bytes of output, fewer only at its end.
    [[nodiscard]] std::string read_bytes(std::size_t size);
    void write(const std::string& text);

  private:
    bool fill();

    pid_t pid_ = -1;
    process::UniqueFd in_;
    process::UniqueFd out_;
    std::string buffer_;
    std::size_t at_ = 0;
};

}  // namespace lampyr::test
