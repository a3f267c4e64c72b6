// SPDX-License-Identifier: MIT
#pragma once

#include "top/screen.hpp"

#include <lampyr/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace lampyr::tool {

/// The terminal while `top` has it: another screen of it, keys without Enter, no echo. Put back as it was when this object
/// goes, when a signal ends lampyr, and while lampyr is suspended (Ctrl-Z). One at a time, used by one thread.
class CursesScreen {
  public:
    /// Fails when the terminal can do too little, or the system does not know its kind.
    [[nodiscard]] static Result<std::unique_ptr<CursesScreen>> open(bool colour);
    ~CursesScreen();
    CursesScreen(const CursesScreen&) = delete;
    CursesScreen& operator=(const CursesScreen&) = delete;

    [[nodiscard]] ScreenSize size() const;
    void draw(const std::vector<ScreenLine>& lines);
    /// Waits for a key, at most that long. Nothing: the time is over, a signal came, or the size changed.
    [[nodiscard]] std::optional<Key> wait_key(std::chrono::milliseconds longest);
    /// The terminal is gone, and nobody will press a key any more.
    [[nodiscard]] bool hung_up() const { return hung_up_; }

  private:
    CursesScreen() = default;
    bool hung_up_ = false;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lampyr::tool
