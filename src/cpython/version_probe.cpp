// SPDX-License-Identifier: MIT
#include "cpython/version_probe.hpp"

#include "cpython/memory_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMaxVersionText = 256;  // Py_GetVersion's buffer holds 250 (300 from 3.14)

/// Takes a number below 256 off the front.
std::optional<std::uint8_t> take_number(std::string_view& text) {
    std::uint8_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return value;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// What follows the micro number: "", "b4", "rc1", and "+" for a build from a repository.
bool take_level(std::string_view& text, ProbedVersion& version) {
    const bool candidate = text.starts_with("rc") || text.starts_with("c");
    if (candidate) text.remove_prefix(text.starts_with("rc") ? 2 : 1);
    const bool level = candidate || text.starts_with("a") || text.starts_with("b");
    if (level) {
        version.release_level = candidate ? 0xC : text.front() == 'a' ? 0xA : 0xB;
        if (!candidate) text.remove_prefix(1);
        const auto serial = take_number(text);
        if (!serial) return false;
        version.serial = *serial;
    }
    take(text, "+");
    return true;
}

bool plausible(const Version& version) {
    return (version.major == 2 && version.minor >= 3 && version.minor <= 7) ||
           (version.major >= 3 && version.major <= 9);
}

/// `text` begins with a whole version text.
std::optional<ProbedVersion> parse_version_text(std::string_view text) {
    ProbedVersion result;
    std::optional<std::uint8_t> numbers[3];
    for (int i = 0; i < 3; ++i) {
        if (i != 0 && !take(text, ".")) return std::nullopt;
        numbers[i] = take_number(text);
        if (!numbers[i]) return std::nullopt;
    }
    result.version = {.major = *numbers[0], .minor = *numbers[1], .micro = *numbers[2], .free_threaded = false};
    if (!take_level(text, result) || !plausible(result.version)) return std::nullopt;
    // 3.13 and 3.14 name the build kind between the number and the build information.
    result.version.free_threaded =
        take(text, " experimental free-threading build") || take(text, " free-threading build");
    if (text.starts_with(" |")) text.remove_prefix(std::min(text.size(), text.find("| (") + 1));  // conda's brand
    if (!take(text, " (")) return std::nullopt;
    text = text.substr(0, kMaxVersionText);
    const auto build_end = text.find(") ");
    const auto text_end = text.find('\0');
    if (build_end == text.npos || text_end == text.npos || build_end > text_end) return std::nullopt;
    // Every compiler's name is in brackets, Py_GetCompiler begins with a newline up to 3.9.
    const auto compiler = text.substr(build_end + 2);
    if (!compiler.starts_with("[") && !compiler.starts_with("\n[")) return std::nullopt;
    return result;
}

}  // namespace

std::string ProbedVersion::text() const {
    std::string text = fmt::format("{}.{}.{}", version.major, version.minor, version.micro);
    if (release_level != 0xF)
        text += fmt::format("{}{}", release_level == 0xA ? "a" : release_level == 0xB ? "b" : "rc", serial);
    if (version.free_threaded) text += 't';
    return text;
}

std::optional<ProbedVersion> version_from_hex(std::uint64_t hex, bool free_threaded) {
    const auto byte = [hex](int shift) { return static_cast<std::uint8_t>(hex >> shift & 0xFF); };
    ProbedVersion result;
    result.version = {.major = byte(24), .minor = byte(16), .micro = byte(8), .free_threaded = free_threaded};
    result.release_level = byte(0) >> 4;
    result.serial = byte(0) & 0xF;
    const bool level_known =
        result.release_level == 0xF || (result.release_level >= 0xA && result.release_level <= 0xC);
    if (hex >> 32 != 0 || !level_known || !plausible(result.version)) return std::nullopt;
    return result;
}

std::optional<ProbedVersion> find_version_text(std::string_view bytes) {
    for (std::size_t dot = bytes.find('.'); dot != bytes.npos; dot = bytes.find('.', dot + 1)) {
        // The text begins the buffer, so one digit stands before the first dot and a zero byte (or nothing) before that.
        if (dot == 0 || bytes[dot - 1] < '2' || bytes[dot - 1] > '9') continue;
        if (dot >= 2 && bytes[dot - 2] != '\0') continue;
        if (const auto version = parse_version_text(bytes.substr(dot - 1))) return version;
    }
    return std::nullopt;
}

std::optional<ProbedVersion> read_version_symbol(const process::RemoteMemory& memory, RemoteAddr symbol) {
    const auto hex = memory.read_value<std::uint64_t>(symbol);
    return hex ? version_from_hex(*hex, false) : std::nullopt;
}

std::optional<ProbedVersion> scan_version(const process::RemoteMemory& memory, std::uint64_t load_bias,
                                          std::span<const elf::LoadSegment> segments) {
    MemoryScan scan(memory, kMaxVersionText + 8);
    std::optional<ProbedVersion> found;
    const auto search = [&found](RemoteAddr, std::span<const std::byte> bytes) {
        found = find_version_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        return !found;
    };
    for (const bool writable : {true, false}) {
        for (const elf::LoadSegment& segment : segments) {
            if (segment.writable != writable || segment.executable) continue;
            scan.run(RemoteAddr(segment.address + load_bias), segment.memory_size, search);
            if (found) return found;
        }
    }
    return std::nullopt;
}

}  // namespace lampyr::cpython
