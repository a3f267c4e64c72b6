// SPDX-License-Identifier: MIT
#include "cpython/runtime_candidates.hpp"

#include "cpython/debug_offsets.hpp"
#include "cpython/layout_table.hpp"
#include "cpython/memory_scan.hpp"
#include "cpython/runtime_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMaxCandidates = 256;
constexpr std::size_t kMaxPointersTried = 4U << 20;

RemoteAddr current_thread_in(const TargetImage& image) {
    return image.memory ? image.memory->find_symbol("_PyThreadState_Current").value_or(RemoteAddr()) : RemoteAddr();
}

Candidate runtime_candidate(const TargetImage& image, RemoteAddr address, std::string how) {
    Candidate candidate;
    candidate.address = address;
    candidate.image = &image;
    candidate.how = std::move(how);
    return candidate;
}

bool has_runtime_symbol(const TargetImage& image) {
    return image.memory &&
           (image.memory->find_symbol("_PyRuntime") || image.memory->find_symbol("PyInterpreterState_Head"));
}

}  // namespace

CandidateFinder::CandidateFinder(const process::RemoteMemory& memory, Pid pid,
                                 std::span<const process::Mapping> mappings)
    : memory_(memory), pid_(pid), mappings_(mappings), images_(list_memory_images(memory, mappings)) {
    auto others = list_file_images(pid, mappings, images_);
    std::move(others.begin(), others.end(), std::back_inserter(images_));
}

std::vector<Candidate> CandidateFinder::find(LocateStrategy strategy) const {
    std::vector<Candidate> found;
    switch (strategy) {
        case LocateStrategy::kMemorySymbols: from_memory_symbols(found); break;
        case LocateStrategy::kFileSymbols: from_file_symbols(found); break;
        case LocateStrategy::kRuntimeSection: from_runtime_section(found); break;
        case LocateStrategy::kCookieScan: from_cookie_scan(found); break;
        case LocateStrategy::kPointerScan: from_pointer_scan(found); break;
    }
    return found;
}

/// The program itself comes first in symbol resolution, so its copy of the variable is the one in use when it has one
/// (copy relocation) while the interpreter is in a library.
RemoteAddr CandidateFinder::current_thread_symbol(const TargetImage& own) const {
    for (const TargetImage& image : images_)
        if (!has_runtime_symbol(image))
            if (const RemoteAddr address = current_thread_in(image); !address.is_null()) return address;
    return current_thread_in(own);
}

/// PyInterpreterState_Head is `return interp_head;`: on x86-64 `mov disp32(%rip), %rax` behind at most a short prologue.
std::optional<RemoteAddr> CandidateFinder::decode_head_function(RemoteAddr function) const {
    std::array<std::byte, 32> code{};
    const std::size_t got = memory_.read_prefix(function, code);
    constexpr std::array kLoad{std::byte{0x48}, std::byte{0x8B}, std::byte{0x05}};
    const auto end = code.begin() + static_cast<std::ptrdiff_t>(got);
    const auto load = std::search(code.begin(), end, kLoad.begin(), kLoad.end());
    if (end - load < 7) return std::nullopt;
    std::int32_t displacement = 0;
    std::memcpy(&displacement, &*load + kLoad.size(), sizeof displacement);
    const auto next_instruction = function.value + static_cast<std::uint64_t>(load - code.begin()) + 7;
    return RemoteAddr(next_instruction + static_cast<std::uint64_t>(std::int64_t{displacement}));
}

void CandidateFinder::from_memory_symbols(std::vector<Candidate>& out) const {
    for (const TargetImage& image : images_) {
        if (!image.memory || out.size() >= kMaxCandidates) continue;
        Candidate candidate;
        candidate.image = &image;
        if (const auto version = image.memory->find_symbol("Py_Version"))
            candidate.version = read_version_symbol(memory_, *version);
        if (const auto runtime = image.memory->find_symbol("_PyRuntime")) {
            candidate.address = *runtime;
            candidate.how = "exported symbol _PyRuntime in memory";
        } else if (const auto head = image.memory->find_symbol("PyInterpreterState_Head")) {
            const auto variable = decode_head_function(*head);
            if (!variable) continue;
            candidate.anchor = Anchor::kInterpreterHead;
            candidate.address = *variable;
            candidate.current_thread = current_thread_symbol(image);
            candidate.how = "code of PyInterpreterState_Head in memory";
        } else {
            continue;
        }
        out.push_back(std::move(candidate));
    }
}

void CandidateFinder::from_file_symbols(std::vector<Candidate>& out) const {
    constexpr std::string_view kNames[] = {"_PyRuntime", "interp_head", "PyInterpreterState_Head",
                                           "_PyThreadState_Current", "Py_Version"};
    for (const TargetImage& image : images_) {
        if (out.size() >= kMaxCandidates) return;
        const auto file = open_file(pid_, image);
        if (!file) continue;
        const auto symbols = file->find_symbols(kNames, elf::SymbolTables::kBoth);
        std::array<RemoteAddr, std::size(kNames)> addresses;
        for (std::size_t i = 0; i < symbols.size(); ++i)
            if (symbols[i]) addresses[i] = RemoteAddr(symbols[i]->value + image.load_bias);
        const auto& [runtime, head, head_function, current_thread, version] = addresses;
        Candidate candidate = runtime_candidate(image, runtime, "symbol _PyRuntime of the file");
        if (runtime.is_null()) {
            candidate.anchor = Anchor::kInterpreterHead;
            candidate.how = "symbol interp_head of the file";
            candidate.address = head;
            if (head.is_null() && !head_function.is_null()) {
                candidate.how = "code of PyInterpreterState_Head, a symbol of the file";
                candidate.address = decode_head_function(head_function).value_or(RemoteAddr());
            }
            candidate.current_thread = current_thread_symbol(image);
            if (candidate.current_thread.is_null()) candidate.current_thread = current_thread;
        }
        if (candidate.address.is_null()) continue;
        if (!version.is_null()) candidate.version = read_version_symbol(memory_, version);
        out.push_back(std::move(candidate));
    }
}

void CandidateFinder::from_runtime_section(std::vector<Candidate>& out) const {
    for (const TargetImage& image : images_) {
        if (out.size() >= kMaxCandidates) return;
        const auto file = open_file(pid_, image);
        const auto section = file ? file->find_section(".PyRuntime") : std::nullopt;
        if (!section || section->address == 0) continue;
        out.push_back(
            runtime_candidate(image, RemoteAddr(section->address + image.load_bias), "section .PyRuntime of the file"));
    }
}

void CandidateFinder::from_cookie_scan(std::vector<Candidate>& out) const {
    std::uint64_t cookie = 0;
    std::memcpy(&cookie, kDebugCookie, kDebugCookieSize);
    for (const TargetImage& image : images_) {
        MemoryScan scan(memory_, 0);
        for (const elf::LoadSegment& segment : image.segments) {
            if (!segment.writable) continue;
            const RemoteAddr start((segment.address + image.load_bias) & ~std::uint64_t{7});
            scan.run(start, segment.memory_size + 7, [&](RemoteAddr address, std::span<const std::byte> bytes) {
                for (std::size_t at = 0; at + 8 <= bytes.size() && out.size() < kMaxCandidates; at += 8) {
                    if (std::memcmp(bytes.data() + at, &cookie, sizeof cookie) != 0) continue;
                    out.push_back(runtime_candidate(image, address + at, "cookie of the published offsets"));
                }
                return true;
            });
        }
    }
}

void CandidateFinder::from_pointer_scan(std::vector<Candidate>& out) const {
    for (const TargetImage& image : images_) {
        const auto version = scan_version(memory_, image.load_bias, image.segments);
        const Layout* layout = version ? find_layout(version->version) : nullptr;
        if (layout != nullptr) scan_image(image, *layout, *version, out);
    }
}

bool CandidateFinder::is_writable(RemoteAddr address) const {
    const auto after =
        std::upper_bound(mappings_.begin(), mappings_.end(), address,
                         [](RemoteAddr a, const process::Mapping& mapping) { return a < mapping.start; });
    if (after == mappings_.begin()) return false;
    const process::Mapping& mapping = *std::prev(after);
    return mapping.contains(address) && mapping.writable && mapping.readable;
}

/// Takes every word of the writable data for the head of the interpreter list. In `_PyRuntime` the pointer to the main
/// interpreter follows the head; other words that point to an interpreter do not have that neighbour.
void CandidateFinder::scan_image(const TargetImage& image, const Layout& layout, const ProbedVersion& version,
                                 std::vector<Candidate>& out) const {
    const bool in_runtime = layout.runtime.interpreters_head.present();
    std::size_t tried = 0;
    const auto leads_to_interpreter = [&](RemoteAddr pointer) {
        if (!pointer.is_plausible() || !pointer.is_aligned() || !is_writable(pointer)) return false;
        return ++tried <= kMaxPointersTried && check_interpreter(memory_, layout, pointer) == RuntimeCheck::kGood;
    };
    MemoryScan scan(memory_, 8);
    for (const elf::LoadSegment& segment : image.segments) {
        if (!segment.writable) continue;
        const RemoteAddr start((segment.address + image.load_bias) & ~std::uint64_t{7});
        scan.run(start, segment.memory_size + 7, [&](RemoteAddr address, std::span<const std::byte> bytes) {
            for (std::size_t at = 0; at + 16 <= bytes.size() && out.size() < kMaxCandidates; at += 8) {
                std::uint64_t words[2];
                std::memcpy(words, bytes.data() + at, sizeof words);
                if (!leads_to_interpreter(RemoteAddr(words[0]))) continue;
                if (in_runtime && words[1] != words[0] && !leads_to_interpreter(RemoteAddr(words[1]))) continue;
                const RemoteAddr found = address + at;
                Candidate candidate = runtime_candidate(image, found, "pointer to an interpreter in writable data");
                candidate.version = version;
                if (in_runtime) {
                    candidate.address = found - layout.runtime.interpreters_head.value();
                } else {
                    candidate.anchor = Anchor::kInterpreterHead;
                    candidate.current_thread = current_thread_symbol(image);
                    candidate.note = "the list of interpreters may be incomplete: found without any symbol";
                }
                out.push_back(std::move(candidate));
                return false;
            }
            return tried <= kMaxPointersTried;
        });
    }
}

std::optional<ProbedVersion> CandidateFinder::version_of(const Candidate& candidate) const {
    if (candidate.version) return candidate.version;
    const auto scanned = scan_version(memory_, candidate.image->load_bias, candidate.image->segments);
    if (scanned) return scanned;
    for (const TargetImage& image : images_) {
        if (!has_runtime_symbol(image) || &image == candidate.image) continue;
        if (const auto other = scan_version(memory_, image.load_bias, image.segments)) return other;
    }
    return std::nullopt;
}

}  // namespace lampyr::cpython
