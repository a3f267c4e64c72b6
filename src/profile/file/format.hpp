// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <protozero/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The numbers of lampyr's profile file; docs/output-formats.md explains them. A number here never changes its meaning:
/// what is new gets a new one, which an older reader passes over. Only what an older reader would understand wrongly
/// raises the major version.
namespace lampyr::profile::file {

// A PNG-like signature: not text, and damaged by a transfer that takes it for text.
inline constexpr std::string_view kMagic{"\x89LAMPYR\n", 8};
inline constexpr std::uint16_t kMajor = 1;
inline constexpr std::uint16_t kMinor = 0;
inline constexpr std::size_t kHeaderSize = 16;  // magic, major, minor, CRC-32 of these
inline constexpr std::size_t kBlockHeaderSize =
    20;  // mark, stored size, message size, packing, CRC-32 of these and payload
inline constexpr std::uint32_t kBlockMark = 0x4B4C424C;  // "LBLK"
inline constexpr std::uint32_t kMaxMessage = 64U << 20;
/// Writers end a block when its message has grown to this.
inline constexpr std::size_t kFullMessage = 1U << 20;
/// No text is longer; writers cut it.
inline constexpr std::size_t kMaxText = 16U << 20;

enum class Packing : std::uint32_t { kPlain = 0, kZstd = 1 };

enum class BlockTag : protozero::pbf_tag_type {
    kInfo = 1,           // message Info; in every block, as of then
    kString = 2,         // bytes, repeated: new rows of the table of texts
    kFunction = 3,       // message Function, repeated
    kFrameFunction = 4,  // packed uint32
    kFrameLine = 5,      // packed uint32
    kStackParent = 6,    // packed uint32: own id minus parent's, 0 for an outermost frame
    kStackFrame = 7,     // packed uint32
    kProcess = 8,        // message Process, repeated
    kThread = 9,         // message Thread, repeated: a new row, or a known one anew
    kSampleThread = 10,  // packed uint32
    kSampleStack = 11,   // packed sint64: difference to the row before; 0 is "no frames", else id + 1
    kSampleState = 12,   // packed uint32
    kSampleCount = 13,   // packed uint64
    kSampleWeight = 14,  // packed sint64, ns
    kSampleStart = 15,   // packed sint64, ns: difference to the row before
    kGrownRow = 16,      // packed uint64
    kGrownCount = 17,    // packed sint64
    kGrownWeight = 18,   // packed sint64, ns
    kGrownStack = 20,    // packed uint64: 0 is "as it was", 1 "no frames", else id + 2; absent: all as they were
    kEnd = 19,           // message End; in the last block of a recording that ended in order
};

enum class InfoTag : protozero::pbf_tag_type {
    kLampyrVersion = 1,
    kRateAsked = 2,  // double
    kRateGot = 3,    // double
    kDuration = 4,   // int64, ns
    kInterval = 5,   // int64, ns
    kTicks = 6,      // uint64
    kStacks = 7,     // uint64
    kLoss = 8,       // message Loss, repeated
    kIdleIncluded = 9,
    kGilOnly = 10,
    kBlocking = 11,
    kTimeline = 12,
    kStarted = 13,  // int64, ns since 1970
    kHost = 14,     // message Host
    kCpuTime = 15,
    kLongestInterval = 16,  // int64, ns
    kNative = 17,
    kTasks = 18,
};
enum class LossTag : protozero::pbf_tag_type { kName = 1, kCount = 2 };
enum class HostTag : protozero::pbf_tag_type { kName = 1, kKernel = 2, kMachine = 3, kProcessors = 4 };
enum class FunctionTag : protozero::pbf_tag_type { kName = 1, kFile = 2, kShortFile = 3, kFirstLine = 4, kKind = 5 };
enum class ProcessTag : protozero::pbf_tag_type { kPid = 1, kCommandLine = 2, kExecutable = 3, kPythonVersion = 4 };
enum class ThreadTag : protozero::pbf_tag_type { kRow = 1, kProcess = 2, kOsTid = 3, kIdent = 4, kName = 5 };
enum class EndTag : protozero::pbf_tag_type { kReason = 1, kComplete = 2 };

// Enumerations are written as their numbers; these must not move.
static_assert(static_cast<int>(FunctionKind::kProject) == 0 && static_cast<int>(FunctionKind::kMarker) == 5);
static_assert(static_cast<int>(ThreadState::kRunning) == 0 && static_cast<int>(ThreadState::kUnknown) == 3);
inline constexpr std::uint32_t kFunctionKinds = 6;
inline constexpr std::uint32_t kThreadStates = 4;
inline constexpr std::uint32_t kStopReasons = 5;

}  // namespace lampyr::profile::file
