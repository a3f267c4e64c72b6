// SPDX-License-Identifier: MIT
#include "top/view.hpp"

#include <algorithm>
#include <array>

namespace lampyr::tool {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLongestFilter = 200;
constexpr std::array<milliseconds, 7> kDelays{milliseconds(100),  milliseconds(250),  milliseconds(500),
                                              milliseconds(1000), milliseconds(2000), milliseconds(5000),
                                              milliseconds(10000)};

void faster(View& view) {
    const auto found = std::find_if(kDelays.rbegin(), kDelays.rend(), [&](milliseconds d) { return d < view.delay; });
    if (found != kDelays.rend()) view.delay = *found;
}

void slower(View& view) {
    const auto found = std::find_if(kDelays.begin(), kDelays.end(), [&](milliseconds d) { return d > view.delay; });
    if (found != kDelays.end()) view.delay = *found;
}

void append_utf8(std::string& text, std::uint32_t c) {
    if (c < 0x80) {
        text.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
        text.push_back(static_cast<char>(0xC0U | (c >> 6U)));
        text.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
    } else if (c < 0x10000) {
        text.push_back(static_cast<char>(0xE0U | (c >> 12U)));
        text.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
        text.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
    } else {
        text.push_back(static_cast<char>(0xF0U | (c >> 18U)));
        text.push_back(static_cast<char>(0x80U | ((c >> 12U) & 0x3FU)));
        text.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
        text.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
    }
}

void edit_filter(View& view, Key key) {
    std::string& draft = *view.draft;
    const auto code = static_cast<std::uint32_t>(key);
    if (key == Key::kEscape) {
        view.draft.reset();
    } else if (key == Key::kEnter) {
        view.filter = std::move(draft);
        view.draft.reset();
        view.selected.reset();
    } else if (key == Key::kBackspace) {
        while (!draft.empty() && (static_cast<unsigned char>(draft.back()) & 0xC0U) == 0x80U) draft.pop_back();
        if (!draft.empty()) draft.pop_back();
    } else if (code >= 0x20 && code < 0x110000 && code != 0x7F && draft.size() < kLongestFilter) {
        append_utf8(draft, code);
    }
}

void move_to(View& view, const std::vector<TopRow>& rows, std::size_t place) {
    if (rows.empty()) return;
    view.place = std::min(place, rows.size() - 1);
    view.selected = rows[view.place].key;
}

void show(View& view, RowKind rows) {
    view.request.rows = rows;
    view.request.opened.reset();
    view.selected.reset();
    view.place = 0;
}

RowKind stacks(const View& view) { return view.lines ? RowKind::kLine : RowKind::kFunction; }

void show_all(View& view) {
    view.request.thread.reset();
    view.request.process.reset();
    view.only.clear();
    show(view, stacks(view));
}

/// A function is opened or closed; of a thread or process the functions are shown.
void enter(View& view, const std::vector<TopRow>& rows) {
    if (rows.empty()) return;
    const TopRow& row = rows[std::min(view.place, rows.size() - 1)];
    switch (view.request.rows) {
        case RowKind::kThread: view.request.thread = ThreadId(static_cast<std::uint32_t>(row.key)); break;
        case RowKind::kProcess: view.request.process = ProcessId(static_cast<std::uint32_t>(row.key)); break;
        default:
            view.selected = row.key;
            if (view.request.opened == row.key)
                view.request.opened.reset();
            else
                view.request.opened = row.key;
            return;
    }
    view.only = row.label;
    show(view, stacks(view));
}

Action press_letter(View& view, char32_t letter) {
    switch (letter) {
        case U'q': return Action::kQuit;
        case U'h':
        case U'?': view.help = true; break;
        case U'1': view.sort = SortKey::kSelfNow; break;
        case U'2': view.sort = SortKey::kTotalNow; break;
        case U'3': view.sort = SortKey::kSelfAll; break;
        case U'4': view.sort = SortKey::kTotalAll; break;
        case U'5': view.sort = SortKey::kName; break;
        case U's': view.sort = static_cast<SortKey>((static_cast<std::size_t>(view.sort) + 1) % kSortKeys); break;
        case U'l':
            view.lines = !view.lines;
            show(view, stacks(view));
            break;
        case U't': show(view, view.request.rows == RowKind::kThread ? stacks(view) : RowKind::kThread); break;
        case U'p':
            view.request.process.reset();
            show(view, view.request.rows == RowKind::kProcess ? stacks(view) : RowKind::kProcess);
            break;
        case U'a': show_all(view); break;
        case U'/': view.draft = view.filter; break;
        case U' ': return Action::kPause;
        case U'r': return Action::kReset;
        case U'w': return Action::kWrite;
        case U'+': faster(view); break;
        case U'-': slower(view); break;
        default: break;
    }
    return Action::kNone;
}

/// One step back: what was opened last is closed first.
void escape(View& view) {
    if (view.request.opened)
        view.request.opened.reset();
    else if (!view.filter.empty())
        view.filter.clear();
    else
        show_all(view);
}

}  // namespace

Action press(View& view, Key key, const std::vector<TopRow>& rows, std::size_t page) {
    view.message.clear();
    if (view.help) {
        view.help = false;
        return key == key_of(U'q') ? Action::kQuit : Action::kNone;
    }
    if (view.draft) {
        edit_filter(view, key);
        return Action::kNone;
    }
    const std::size_t step = std::max<std::size_t>(page, 2) - 1;
    if (key == key_of(U'k')) key = Key::kUp;
    if (key == key_of(U'j')) key = Key::kDown;
    switch (key) {
        case Key::kUp: move_to(view, rows, view.place - std::min<std::size_t>(view.place, 1)); break;
        case Key::kDown: move_to(view, rows, view.place + 1); break;
        case Key::kPageUp: move_to(view, rows, view.place - std::min(view.place, step)); break;
        case Key::kPageDown: move_to(view, rows, view.place + step); break;
        case Key::kHome:
            view.selected.reset();
            view.place = 0;
            break;
        case Key::kEnd: move_to(view, rows, rows.size()); break;
        case Key::kEnter: enter(view, rows); break;
        case Key::kEscape: escape(view); break;
        default: return press_letter(view, static_cast<char32_t>(key));
    }
    return Action::kNone;
}

std::size_t line_of(const View& view, const Table& table, std::size_t place) {
    if (!view.request.opened) return place;
    const auto opened = std::find_if(table.rows.begin(), table.rows.end(),
                                     [&](const TopRow& row) { return row.key == *view.request.opened; });
    const auto at = static_cast<std::size_t>(opened - table.rows.begin());
    return at < place ? place + table.neighbours.size() : place;
}

void settle(View& view, const Table& table, std::size_t page) {
    if (table.rows.empty()) {
        view.place = view.scroll = 0;
        return;
    }
    if (view.selected) {
        const auto found = std::find_if(table.rows.begin(), table.rows.end(),
                                        [&](const TopRow& row) { return row.key == *view.selected; });
        if (found != table.rows.end()) view.place = static_cast<std::size_t>(found - table.rows.begin());
    } else {
        view.place = 0;
    }
    view.place = std::min(view.place, table.rows.size() - 1);
    page = std::max<std::size_t>(page, 1);
    const std::size_t line = line_of(view, table, view.place);
    // Of an opened row what belongs to it is to be seen, as far as there is room.
    const bool opened = view.request.opened == table.rows[view.place].key;
    const std::size_t last = line + (opened ? std::min(table.neighbours.size(), page - 1) : 0);
    const std::size_t lines = table.rows.size() + (view.request.opened ? table.neighbours.size() : 0);
    if (last >= view.scroll + page) view.scroll = last + 1 - page;
    view.scroll = std::min(view.scroll, line);
    view.scroll = std::min(view.scroll, lines > page ? lines - page : 0);
}

}  // namespace lampyr::tool
