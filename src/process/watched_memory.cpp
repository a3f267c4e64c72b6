// SPDX-License-Identifier: MIT
#include "process/watched_memory.hpp"

#include <algorithm>
#include <cstring>

namespace lampyr::process {

void ReadProof::add(RemoteSegment segment, std::span<const std::byte> bytes) {
    if (bytes.empty() || segments_.size() == kMostSegments || bytes_.size() + bytes.size() > kMostBytes) return;
    segments_.push_back({segment.address, bytes.size()});
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void ReadProof::append(const ReadProof& other) {
    std::span<const std::byte> bytes(other.bytes_);
    for (const RemoteSegment& segment : other.segments_) {
        add(segment, bytes.first(segment.size));
        bytes = bytes.subspan(segment.size);
    }
}

bool ReadProof::holds(const RemoteMemory& memory, std::vector<std::byte>& scratch) const {
    if (scratch.size() < bytes_.size()) scratch.resize(bytes_.size());
    return !empty() && memory.read_segments(segments_, std::span(scratch.data(), bytes_.size())) == bytes_.size() &&
           std::memcmp(scratch.data(), bytes_.data(), bytes_.size()) == 0;
}

std::size_t WatchedMemory::read_segments(std::span<const RemoteSegment> segments, std::span<std::byte> out) const {
    const std::size_t received = memory_.read_segments(segments, out);
    if (!watching_) return received;
    std::size_t at = 0;
    for (const RemoteSegment& segment : segments) {
        if (at >= received) break;
        const std::size_t size = std::min<std::size_t>(segment.size, received - at);
        proof_.add(segment, out.subspan(at, size));
        at += size;
    }
    return received;
}

}  // namespace lampyr::process
