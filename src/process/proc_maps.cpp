// SPDX-License-Identifier: MIT
#include "process/proc_maps.hpp"

#include "process/permissions.hpp"
#include "process/proc_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace lampyr::process {
namespace {

/// vm.max_map_count is 65530 as a rule and a few millions at most; a line is rarely longer than 150 bytes.
constexpr std::size_t kMapsLimit = std::size_t{256} << 20;

/// Takes the text up to `stop` off the front of `line`; nothing when `stop` is not there.
std::optional<std::string_view> take_until(std::string_view& line, char stop) {
    const std::size_t at = line.find(stop);
    if (at == line.npos) return std::nullopt;
    const std::string_view taken = line.substr(0, at);
    line.remove_prefix(at + 1);
    return taken;
}

template <typename Int>
bool take_hex(std::string_view& line, char stop, Int& value) {
    const auto text = take_until(line, stop);
    const auto number = text ? parse_number<Int>(*text, 16) : std::nullopt;
    if (number) value = *number;
    return number.has_value();
}

/// The kernel writes a newline in a path as \012 and nothing else escaped (seq_path with esc "\n").
std::string unescape(std::string_view text) {
    constexpr std::string_view kNewline = "\\012";
    std::string path;
    path.reserve(text.size());
    while (!text.empty()) {
        if (text.starts_with(kNewline)) {
            path += '\n';
            text.remove_prefix(kNewline.size());
        } else {
            path += text.front();
            text.remove_prefix(1);
        }
    }
    return path;
}

bool parse_line(std::string_view line, Mapping& mapping) {
    if (!take_hex(line, '-', mapping.start.value) || !take_hex(line, ' ', mapping.end.value)) return false;
    const auto permissions = take_until(line, ' ');
    if (!permissions || permissions->size() != 4 || mapping.start >= mapping.end) return false;
    mapping.readable = (*permissions)[0] == 'r';
    mapping.writable = (*permissions)[1] == 'w';
    mapping.executable = (*permissions)[2] == 'x';
    mapping.shared = (*permissions)[3] == 's';
    if (!take_hex(line, ' ', mapping.file_offset) || !take_hex(line, ':', mapping.device_major) ||
        !take_hex(line, ' ', mapping.device_minor)) {
        return false;
    }
    const std::string_view inode = line.substr(0, line.find(' '));
    const auto number = parse_number<std::uint64_t>(inode);
    if (!number) return false;
    mapping.inode = *number;
    line.remove_prefix(inode.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));

    constexpr std::string_view kDeleted = " (deleted)";
    mapping.deleted = line.ends_with(kDeleted);
    if (mapping.deleted) line.remove_suffix(kDeleted.size());
    mapping.path = unescape(line);
    return true;
}

}  // namespace

Result<std::vector<Mapping>> parse_maps(std::string_view text) {
    std::vector<Mapping> mappings;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        Mapping mapping;
        if (!parse_line(text.substr(0, end), mapping)) {
            return Error{ErrorCode::kCorrupt,
                         fmt::format("memory map line {} cannot be understood", mappings.size() + 1),
                         {},
                         0};
        }
        mappings.push_back(std::move(mapping));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return mappings;
}

Result<std::string> read_maps_text(const ProcessHandle& process) {
    const auto tid = process.living_thread();
    std::string text;
    int error = ESRCH;
    if (tid) error = read_file_at(process.proc_dir(), ProcPath::relative(*tid, "maps").c_str(), kMapsLimit, text);
    // An empty list: a kernel thread, or a process on its way out.
    if (error == 0 && text.empty()) error = ESRCH;
    if (error != 0) return explain_access_failure(process.pid(), error);
    return text;
}

Result<std::vector<Mapping>> read_maps(const ProcessHandle& process) {
    const auto text = read_maps_text(process);
    if (!text) return text.error();
    return parse_maps(*text);
}

Result<std::vector<Mapping>> read_maps(Pid pid) {
    const auto process = ProcessHandle::open(pid);
    if (!process) return process.error();
    return read_maps(*process);
}

const Mapping* find_mapping(const std::vector<Mapping>& mappings, RemoteAddr address) {
    const auto after = std::upper_bound(mappings.begin(), mappings.end(), address,
                                        [](RemoteAddr a, const Mapping& mapping) { return a < mapping.start; });
    if (after == mappings.begin()) return nullptr;
    const Mapping& mapping = *std::prev(after);
    return mapping.contains(address) ? &mapping : nullptr;
}

}  // namespace lampyr::process
