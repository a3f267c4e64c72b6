// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <span>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lampyr::test {

/// A target's memory made by a test: regions of bytes at addresses. As with a real process whole pages are mapped: what lies
/// between regions in a page that holds one reads as zero. Reads stop at the first byte of a page that holds none, or of
/// a region that was unmapped. Every read is counted, so a test can demand "one call".
class FakeMemory final : public process::RemoteMemory {
  public:
    /// A new region of zero bytes. Overlapping another is a mistake of the test.
    void map(RemoteAddr address, std::size_t size) {
        const auto next = regions_.lower_bound(address.value);
        const bool hits_next = next != regions_.end() && next->first < address.value + size;
        const bool hits_previous = next != regions_.begin() && end_of(std::prev(next)) > address.value;
        if (hits_next || hits_previous) throw std::logic_error("FakeMemory: regions overlap");
        regions_[address.value].resize(size);
    }
    /// Everything of the region that holds `address` becomes unreadable.
    void unmap(RemoteAddr address) {
        const auto region = region_of(address.value);
        holes_[region->first] = end_of(region);
        regions_.erase(region);
    }

    void put_bytes(RemoteAddr address, std::span<const std::byte> bytes) {
        if (bytes.empty()) return;
        std::memcpy(at(address, bytes.size()), bytes.data(), bytes.size());
    }
    void put_bytes(RemoteAddr address, std::string_view text) { put_bytes(address, std::as_bytes(std::span(text))); }

    template <typename T>
    void put(RemoteAddr address, const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        put_bytes(address, std::as_bytes(std::span(&value, 1)));
    }
    void put(RemoteAddr address, RemoteAddr value) { put(address, value.value); }

    template <typename T>
    [[nodiscard]] T get(RemoteAddr address) const {
        T value;
        std::memcpy(&value, const_cast<FakeMemory*>(this)->at(address, sizeof value), sizeof value);
        return value;
    }

    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> segments,
                                            std::span<std::byte> out) const override {
        ++calls_;
        std::size_t done = 0;
        for (const auto& segment : segments) {
            const std::size_t got = copy(segment.address, out.subspan(done, segment.size));
            done += got;
            if (got < segment.size) break;
        }
        bytes_read_ += done;
        return done;
    }

    [[nodiscard]] std::size_t calls() const { return calls_; }
    [[nodiscard]] std::size_t bytes_read() const { return bytes_read_; }

  private:
    using Regions = std::map<std::uint64_t, std::vector<std::byte>>;

    static std::uint64_t end_of(Regions::const_iterator region) { return region->first + region->second.size(); }

    [[nodiscard]] Regions::const_iterator region_of(std::uint64_t address) const {
        auto region = regions_.upper_bound(address);
        if (region == regions_.begin()) return regions_.end();
        --region;
        return address < end_of(region) ? region : regions_.end();
    }

    std::byte* at(RemoteAddr address, std::size_t size) {
        const auto region = region_of(address.value);
        if (region == regions_.end() || end_of(region) - address.value < size)
            throw std::logic_error("FakeMemory: write outside the regions");
        return const_cast<std::byte*>(region->second.data()) + (address.value - region->first);
    }

    std::size_t copy(std::uint64_t address, std::span<std::byte> out) const {
        std::size_t done = 0;
        while (done < out.size()) {
            const auto region = region_of(address + done);
            if (region == regions_.end()) {
                const std::uint64_t end = end_of_gap(address + done);
                if (end == address + done) break;
                const std::size_t zeros = std::min<std::size_t>(out.size() - done, end - address - done);
                std::memset(out.data() + done, 0, zeros);
                done += zeros;
                continue;
            }
            const std::uint64_t within = address + done - region->first;
            const std::size_t count = std::min<std::size_t>(out.size() - done, region->second.size() - within);
            std::memcpy(out.data() + done, region->second.data() + within, count);
            done += count;
        }
        return done;
    }

    /// Up to where memory that is in no region, as this byte, reads as zero in its page; the byte itself if its page holds no region.
    [[nodiscard]] std::uint64_t end_of_gap(std::uint64_t address) const {
        const auto hole = holes_.upper_bound(address);
        if (hole != holes_.begin() && address < std::prev(hole)->second) return address;
        const std::uint64_t page = address / kPage * kPage;
        const auto behind_page = regions_.lower_bound(page + kPage);
        if (behind_page == regions_.begin() || end_of(std::prev(behind_page)) <= page) return address;
        std::uint64_t end = page + kPage;
        if (hole != holes_.end()) end = std::min(end, hole->first);
        const auto next = regions_.upper_bound(address);
        return next != regions_.end() ? std::min(end, next->first) : end;
    }

    static constexpr std::uint64_t kPage = 4096;
    Regions regions_;
    std::map<std::uint64_t, std::uint64_t> holes_;  // start -> end
    mutable std::size_t calls_ = 0;
    mutable std::size_t bytes_read_ = 0;
};

}  // namespace lampyr::test
