// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/runtime_locator.hpp"
#include "cpython/target_image.hpp"
#include "cpython/version_probe.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lampyr::cpython {

/// What kind of anchor a strategy found.
enum class Anchor : std::uint8_t {
    kRuntime,          ///< _PyRuntime (3.7+)
    kInterpreterHead,  ///< interp_head (2.7, 3.6)
};

/// An address that may be an interpreter's anchor. Nothing is proved yet.
struct Candidate {
    Anchor anchor = Anchor::kRuntime;
    RemoteAddr address;
    RemoteAddr current_thread;  ///< kInterpreterHead: _PyThreadState_Current, may be null
    const TargetImage* image = nullptr;
    std::optional<ProbedVersion> version;  ///< from a symbol, when there was one
    std::string how;
    std::string note;  ///< what is weak about it, for a person
};

/// The images of one process, listed once, and what is found in them.
class CandidateFinder {
  public:
    CandidateFinder(const process::RemoteMemory& memory, Pid pid, std::span<const process::Mapping> mappings);

    [[nodiscard]] bool anything_readable() const { return !images_.empty(); }
    [[nodiscard]] std::vector<Candidate> find(LocateStrategy strategy) const;

    /// The version of the interpreter in the candidate's image: by symbol, else by scanning. When the image has none (a
    /// program that holds a library's variable by copy relocation), that of any other image.
    [[nodiscard]] std::optional<ProbedVersion> version_of(const Candidate& candidate) const;

  private:
    void from_memory_symbols(std::vector<Candidate>& out) const;
    void from_file_symbols(std::vector<Candidate>& out) const;
    void from_runtime_section(std::vector<Candidate>& out) const;
    void from_cookie_scan(std::vector<Candidate>& out) const;
    void from_pointer_scan(std::vector<Candidate>& out) const;
    void scan_image(const TargetImage& image, const Layout& layout, const ProbedVersion& version,
                    std::vector<Candidate>& out) const;
    [[nodiscard]] std::optional<RemoteAddr> decode_head_function(RemoteAddr function) const;
    [[nodiscard]] RemoteAddr current_thread_symbol(const TargetImage& own) const;
    [[nodiscard]] bool is_writable(RemoteAddr address) const;

    const process::RemoteMemory& memory_;
    Pid pid_;
    std::span<const process::Mapping> mappings_;
    std::vector<TargetImage> images_;
};

}  // namespace lampyr::cpython
