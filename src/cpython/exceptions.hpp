// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/value_text.hpp"
#include "process/remote_memory.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lampyr::cpython {

/// An exception that a thread handles, or one on its way to who handles it.
struct ThreadException {
    std::string type;     ///< name of its class
    std::string value;    ///< about as repr() would show it
    bool raised = false;  ///< it is on its way; else it is being handled
    friend bool operator==(const ThreadException&, const ThreadException&) = default;
};

/// Reads the exceptions of threads. From 3.7 on each generator has a place of its own for what it handles, and they are chained
/// to what the code that resumed it handles; an exception that was left behind by a nested handler of the same function is on
/// that frame's stack and not listed. Before there is one place in the thread state, which 2.7 clears when the function returns.
/// Not for the sampling path.
class ExceptionReader {
  public:
    /// Both must outlive it.
    ExceptionReader(const process::RemoteMemory& memory, const Layout& layout, ValueLimits limits)
        : memory_(memory), layout_(layout), text_(memory, layout, limits) {}

    /// Innermost first, what is on its way before all.
    [[nodiscard]] std::vector<ThreadException> read(RemoteAddr thread_state);

  private:
    void add(std::vector<ThreadException>& found, RemoteAddr type, RemoteAddr value, bool raised);
    void add_items(std::vector<ThreadException>& found, RemoteAddr item);
    [[nodiscard]] RemoteAddr pointer_at(RemoteAddr base, Offset field) const;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    ValueText text_;
};

}  // namespace lampyr::cpython
