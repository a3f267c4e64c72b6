// SPDX-License-Identifier: MIT
#include "top/curses_screen.hpp"

#include "option_values.hpp"
#include "signals.hpp"

#define NCURSES_NOMACROS 1
#define _XOPEN_SOURCE_EXTENDED 1
#include <curses.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace lampyr::tool {
namespace {

// What a signal handler needs to put the terminal back. Written before `armed` is set.
std::atomic<bool> armed{false};
termios as_it_was{};
std::array<char, 128> leave_text{};
std::size_t leave_length = 0;

/// Async-signal-safe, unlike endwin.
void restore_terminal() {
    if (!armed.exchange(false)) return;
    static_cast<void>(!::write(STDOUT_FILENO, leave_text.data(), leave_length));
    ::tcsetattr(STDOUT_FILENO, TCSANOW, &as_it_was);
}

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

void on_crash(int signal) {
    restore_terminal();
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

/// What the terminal is told at the end: back from the other screen, cursor on, plain text. From its own description.
void remember_leaving() {
    leave_length = 0;
    for (const char* const name : {"sgr0", "cnorm", "rmkx", "rmcup"}) {
        const char* const text = ::tigetstr(name);
        if (text == nullptr || text == reinterpret_cast<char*>(-1)) continue;
        const std::size_t length = std::strlen(text);
        if (leave_length + length > leave_text.size()) continue;
        std::memcpy(leave_text.data() + leave_length, text, length);
        leave_length += length;
    }
}

attr_t attributes_of(Style style, bool colour) {
    const auto paint = [colour](short pair) { return colour ? static_cast<attr_t>(COLOR_PAIR(pair)) : attr_t{0}; };
    switch (style) {
        case Style::kPlain: return A_NORMAL;
        case Style::kStrong: return A_BOLD;
        case Style::kDim: return A_DIM;
        case Style::kBar:
        case Style::kTitle: return A_REVERSE;
        case Style::kLibrary: return paint(1);
        case Style::kStandard: return paint(2);
        case Style::kMarker: return paint(3);
        case Style::kWarning: return A_BOLD | paint(3);
    }
    return A_NORMAL;
}

Key key_from(int code, wint_t character) {
    if (code == OK) {
        switch (character) {
            case L'\n':
            case L'\r': return Key::kEnter;
            case 0x1B: return Key::kEscape;
            case 0x08:
            case 0x7F: return Key::kBackspace;
            default: return character < 0x110000 ? key_of(static_cast<char32_t>(character)) : Key::kOther;
        }
    }
    switch (character) {
        case KEY_ENTER: return Key::kEnter;
        case KEY_BACKSPACE: return Key::kBackspace;
        case KEY_UP: return Key::kUp;
        case KEY_DOWN: return Key::kDown;
        case KEY_PPAGE: return Key::kPageUp;
        case KEY_NPAGE: return Key::kPageDown;
        case KEY_HOME: return Key::kHome;
        case KEY_END: return Key::kEnd;
        default: return Key::kOther;
    }
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

struct CursesScreen::State {
    std::unique_ptr<std::FILE, CloseFile> keyboard;  // when standard input is something else
    int keyboard_fd = STDIN_FILENO;
    SCREEN* screen = nullptr;
    bool colour = false;
    std::array<struct sigaction, kCrashes.size()> crashes_before{};

    ~State() {
        if (screen == nullptr) return;
        StopSignals::before_leaving(nullptr);
        for (std::size_t i = 0; i < kCrashes.size(); ++i) ::sigaction(kCrashes[i], &crashes_before[i], nullptr);
        ::endwin();
        armed = false;
        ::delscreen(screen);
    }
};

Result<std::unique_ptr<CursesScreen>> CursesScreen::open(bool colour) {
    std::setlocale(LC_CTYPE, "");
    auto state = std::make_unique<State>();
    if (::isatty(STDIN_FILENO) != 1) {
        state->keyboard.reset(std::fopen("/dev/tty", "re"));
        if (!state->keyboard)
            return Error{ErrorCode::kUsage, "there is no keyboard here", "lampyr top --once needs none"};
        state->keyboard_fd = ::fileno(state->keyboard.get());
    }
    ::tcgetattr(STDOUT_FILENO, &as_it_was);
    ::setenv("ESCDELAY", "25", 0);
    state->screen = ::newterm(nullptr, stdout, state->keyboard ? state->keyboard.get() : stdin);
    if (state->screen == nullptr) {
        const char* const kind = std::getenv("TERM");
        return Error{ErrorCode::kUsage,
                     "no screen can be drawn on a terminal of the kind " + in_quotes(kind ? kind : ""),
                     "set TERM, such as TERM=xterm, or use --once, or pipe the output"};
    }
    remember_leaving();
    armed = true;
    StopSignals::before_leaving(restore_terminal);
    struct sigaction action {};
    action.sa_handler = on_crash;
    for (std::size_t i = 0; i < kCrashes.size(); ++i) ::sigaction(kCrashes[i], &action, &state->crashes_before[i]);
    ::cbreak();
    ::noecho();
    ::nonl();
    ::curs_set(0);
    ::keypad(stdscr, TRUE);
    ::nodelay(stdscr, TRUE);
    ::leaveok(stdscr, TRUE);
    state->colour = colour && ::has_colors();
    if (state->colour) {
        ::start_color();
        ::use_default_colors();
        ::init_pair(1, COLOR_CYAN, -1);
        ::init_pair(2, COLOR_GREEN, -1);
        ::init_pair(3, COLOR_YELLOW, -1);
    }
    auto screen = std::unique_ptr<CursesScreen>(new CursesScreen);
    screen->state_ = std::move(state);
    return screen;
}

CursesScreen::~CursesScreen() = default;

ScreenSize CursesScreen::size() const {
    const int rows = ::getmaxy(stdscr);
    const int columns = ::getmaxx(stdscr);
    return {static_cast<std::size_t>(std::max(columns, 1)), static_cast<std::size_t>(std::max(rows, 1))};
}

void CursesScreen::draw(const std::vector<ScreenLine>& lines) {
    ::werase(stdscr);
    for (std::size_t row = 0; row < lines.size(); ++row) {
        ::wmove(stdscr, static_cast<int>(row), 0);
        for (const Piece& piece : lines[row]) {
            ::wattrset(stdscr, static_cast<int>(attributes_of(piece.style, state_->colour)));
            ::waddnstr(stdscr, piece.text.c_str(), static_cast<int>(piece.text.size()));
        }
    }
    ::wattrset(stdscr, A_NORMAL);
    ::wrefresh(stdscr);
}

std::optional<Key> CursesScreen::wait_key(std::chrono::milliseconds longest) {
    wint_t character = 0;
    int code = ::wget_wch(stdscr, &character);  // what is read already
    if (code == ERR) {
        pollfd ready{state_->keyboard_fd, POLLIN, 0};
        const int got = ::poll(&ready, 1, static_cast<int>(longest.count()));
        if (got > 0 && (ready.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) hung_up_ = true;
        code = ::wget_wch(stdscr, &character);
        if (code == ERR && got > 0 && (ready.revents & POLLIN) != 0 && errno == EIO) hung_up_ = true;
    }
    if (code == ERR || (code == KEY_CODE_YES && character == KEY_RESIZE)) return std::nullopt;
    return key_from(code, character);
}

}  // namespace lampyr::tool
