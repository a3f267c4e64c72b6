// SPDX-License-Identifier: MIT
#include "process/recorded_memory.hpp"

#include "process/proc_file.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace lampyr::process {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is written as the machine has it");

constexpr std::string_view kMagic = "lampyrPM";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kFileLimit = std::size_t{1} << 30;

template <typename Int>
void put(std::string& out, Int value) {
    std::array<char, sizeof(Int)> raw;
    std::memcpy(raw.data(), &value, sizeof value);
    out.append(raw.data(), raw.size());
}

void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// FNV-1a over 8-byte words, then bytes: guards against accidents, not against forgers.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        hash = std::rotl((hash ^ word) * 0x100000001b3, 29);
    }
    for (; at < bytes.size(); ++at) hash = (hash ^ static_cast<unsigned char>(bytes[at])) * 0x100000001b3;
    return hash;
}

/// Takes numbers and texts off the front; `bad` once something was missing.
class Cursor {
  public:
    Cursor(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

    template <typename Int>
    Int take() {
        Int value{};
        const std::string_view raw = take_bytes(sizeof(Int));
        if (raw.size() == sizeof(Int)) std::memcpy(&value, raw.data(), sizeof value);
        return value;
    }
    std::string_view take_bytes(std::uint64_t size) {
        if (bad_ || size > bytes_.size() - at_) {
            bad_ = true;
            return {};
        }
        const std::string_view taken = bytes_.substr(at_, size);
        at_ += size;
        return taken;
    }
    [[nodiscard]] bool bad() const { return bad_; }
    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] std::string_view rest() const { return bytes_.substr(at_); }

  private:
    std::string_view bytes_;
    std::size_t at_;
    bool bad_ = false;
};

Error corrupt(std::string_view why) {
    return Error{ErrorCode::kCorrupt, fmt::format("not a usable process recording: {}", why), {}, 0};
}

}  // namespace

Result<std::unique_ptr<RecordedMemory>> RecordedMemory::load(const std::string& path) {
    std::string bytes;
    if (const int error = read_file(path.c_str(), kFileLimit, bytes); error != 0) {
        return os_error(ErrorCode::kSystem, fmt::format("cannot read {}", terminal_safe(path)), error);
    }
    return parse(std::move(bytes));
}

Result<std::unique_ptr<RecordedMemory>> RecordedMemory::parse(std::string bytes) {
    std::unique_ptr<RecordedMemory> memory(new RecordedMemory);
    memory->file_ = std::move(bytes);
    Cursor in(memory->file_, 0);
    if (in.take_bytes(kMagic.size()) != kMagic) return corrupt("it does not begin like one");
    if (const auto version = in.take<std::uint32_t>(); version != kVersion) {
        return corrupt(fmt::format("version {} instead of {}", version, kVersion));
    }
    const auto facts = in.take<std::uint32_t>();
    const auto ranges = in.take<std::uint32_t>();
    const auto sum = in.take<std::uint64_t>();
    if (in.bad() || sum != checksum(in.rest())) return corrupt("it was cut or altered");

    for (std::uint32_t i = 0; i < facts && !in.bad(); ++i) {
        const std::string_view name = in.take_bytes(in.take<std::uint32_t>());
        const std::string_view value = in.take_bytes(in.take<std::uint32_t>());
        if (!in.bad()) memory->facts_.insert_or_assign(std::string(name), std::string(value));
    }
    std::uint64_t free_from = 0;
    for (std::uint32_t i = 0; i < ranges && !in.bad(); ++i) {
        const auto address = in.take<std::uint64_t>();
        const auto size = in.take<std::uint64_t>();
        const std::uint64_t offset = in.at();
        static_cast<void>(in.take_bytes(size));
        if (in.bad()) break;
        if (size == 0 || address < free_from || address + size < address) return corrupt("its ranges are out of order");
        free_from = address + size;
        memory->ranges_.push_back({address, size, offset});
    }
    if (in.bad() || !in.rest().empty()) return corrupt("its sizes do not add up");
    return memory;
}

std::optional<std::string_view> RecordedMemory::fact(std::string_view name) const {
    const auto found = facts_.find(name);
    if (found == facts_.end()) return std::nullopt;
    return found->second;
}

std::size_t RecordedMemory::copy(std::uint64_t address, std::span<std::byte> out) const {
    std::size_t copied = 0;
    while (copied < out.size()) {
        const std::uint64_t from = address + copied;
        auto range = std::upper_bound(ranges_.begin(), ranges_.end(), from,
                                      [](std::uint64_t a, const Range& b) { return a < b.address; });
        if (range == ranges_.begin()) break;
        --range;
        const std::uint64_t within = from - range->address;
        if (within >= range->size) break;
        const std::size_t part = std::min<std::size_t>(out.size() - copied, range->size - within);
        std::memcpy(out.data() + copied, file_.data() + range->offset + within, part);
        copied += part;
    }
    return copied;
}

std::size_t RecordedMemory::read_segments(std::span<const RemoteSegment> segments, std::span<std::byte> out) const {
    std::size_t copied = 0;
    for (const RemoteSegment& segment : segments) {
        const std::size_t size = std::min<std::size_t>(segment.size, out.size() - copied);
        const std::size_t got = copy(segment.address, out.subspan(copied, size));
        copied += got;
        if (got < segment.size) break;
    }
    return copied;
}

void MemoryRecorder::add_range(RemoteAddr address, std::span<const std::byte> bytes) {
    for (std::uint64_t at = address.value; !bytes.empty();) {
        auto& page = pages_[at / kPage];
        if (!page) page = std::make_unique<Page>();
        const std::size_t within = at % kPage;
        const std::size_t part = std::min(bytes.size(), kPage - within);
        std::memcpy(page->bytes.data() + within, bytes.data(), part);
        for (std::size_t i = 0; i < part; ++i) page->known.set(within + i);
        bytes = bytes.subspan(part);
        at += part;
    }
}

std::size_t MemoryRecorder::bytes() const {
    std::size_t total = 0;
    for (const auto& [number, page] : pages_) total += page->known.count();
    return total;
}

std::string MemoryRecorder::encode() const {
    std::string body;
    for (const auto& [name, value] : facts_) {
        put_text(body, name);
        put_text(body, value);
    }
    std::uint32_t ranges = 0;
    std::uint64_t start = 0;
    std::string run;
    const auto flush = [&] {
        if (run.empty()) return;
        put(body, start);
        put(body, std::uint64_t{run.size()});
        body += run;
        run.clear();
        ++ranges;
    };
    for (const auto& [number, page] : pages_) {
        const std::uint64_t base = number * kPage;
        if (start + run.size() != base) flush();
        for (std::size_t i = 0; i < kPage; ++i) {
            if (!page->known[i]) {
                flush();
                continue;
            }
            if (run.empty()) start = base + i;
            run += static_cast<char>(page->bytes[i]);
        }
    }
    flush();

    std::string file(kMagic);
    put(file, kVersion);
    put(file, static_cast<std::uint32_t>(facts_.size()));
    put(file, ranges);
    put(file, checksum(body));
    return file + body;
}

Result<void> MemoryRecorder::write(const std::string& path) const {
    const auto failed = [&] {
        return os_error(ErrorCode::kOutput, fmt::format("cannot write {}", terminal_safe(path)), errno);
    };
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed();
    const std::string file = encode();
    for (std::string_view rest = file; !rest.empty();) {
        const ssize_t written = ::write(fd.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) return failed();
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::size_t TappedMemory::read_segments(std::span<const RemoteSegment> segments, std::span<std::byte> out) const {
    const std::size_t got = inner_.read_segments(segments, out);
    std::size_t at = 0;
    for (const RemoteSegment& segment : segments) {
        const std::size_t part = std::min<std::size_t>(segment.size, got - at);
        recorder_.add_range(RemoteAddr(segment.address), out.subspan(at, part));
        at += part;
        if (part < segment.size) break;
    }
    return got;
}

}  // namespace lampyr::process
