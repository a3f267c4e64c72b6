// SPDX-License-Identifier: MIT
#include "sampler/code_cache.hpp"

#include "cpython/frame_fields.hpp"
#include "cpython/layouts/leaving_opcodes.hpp"

#include <algorithm>
#include <cstring>

namespace lampyr::sampler {

namespace {
/// More than this many live code objects is not a program but an attack (or a leak) in the target; start over.
constexpr std::size_t kMaxEntries = 1U << 20;
/// For so long after an address was used again, others are expected to be.
constexpr std::chrono::seconds kReuseLasts{1};
/// An entry that was still the same after this time is proven less often: a module's code is freed soon after it has run,
/// a function stays.
constexpr std::chrono::milliseconds kSettlesAfter{100};
/// Behind a frame's header, enough of its slots to tell one run of a function from the next.
constexpr std::size_t kSlotBytes = 64;
}  // namespace

CodeCache::CodeCache(const process::RemoteMemory& memory, const cpython::Layout& layout, profile::Builder& builder,
                     FileNames& files)
    : memory_(memory),
      layout_(layout),
      builder_(builder),
      files_(files),
      leaving_(cpython::leaving_opcodes(layout.version)) {}

CodeCache::Entry* CodeCache::find_or_read(RemoteAddr code) {
    if (const auto known = entries_.find(code); known != entries_.end()) return known->second.get();
    if (!code.is_plausible() || !code.is_aligned()) return nullptr;
    auto read = cpython::read_code_object(memory_, layout_, code, code_type_);
    if (!read) return nullptr;
    code_type_ = read->type;
    if (entries_.size() >= kMaxEntries) entries_.clear();
    auto entry = std::make_unique<Entry>();
    entry->code = std::move(*read);
    Function function;
    function.name = builder_.intern_string(entry->code.name);
    function.file = builder_.intern_string(entry->code.file);
    function.short_file = builder_.intern_string(files_.short_name(entry->code.file));
    function.first_line = entry->code.first_line;
    function.kind = files_.kind(entry->code.file);
    entry->function = builder_.intern_function(function);
    entry->frame_at.assign(entry->code.code_bytes / layout_.code_unit + 1, 0U);
    entry->proven_round = entry->read_round = round_;
    entry->known_since = now_;
    return entries_.emplace(code, std::move(entry)).first->second.get();
}

bool CodeCache::reuse_expected() const { return last_reuse_ && now_ - *last_reuse_ < kReuseLasts; }

/// Whether the frame stands where it stood, and did while the code object's identity was read once more: then it holds that
/// object, which cannot have been freed in between.
bool CodeCache::still_runs(const cpython::RawFrame& frame, const Entry& entry) {
    const auto identity = entry.code.identity.proof_segments();
    const std::size_t proof = entry.code.identity.proof_bytes();
    const process::RemoteSegment place{frame.frame.value, layout_.frame.size + kSlotBytes};
    proof_segments_.assign({place});
    proof_segments_.insert(proof_segments_.end(), identity.begin(), identity.end());
    proof_segments_.push_back(place);
    const std::size_t bytes = 2 * place.size + proof;
    if (proof_bytes_.size() < bytes) proof_bytes_.resize(bytes);
    if (memory_.read_segments(proof_segments_, std::span(proof_bytes_.data(), bytes)) != bytes) return false;
    const std::byte* first = proof_bytes_.data();
    const std::byte* second = first + place.size + proof;
    const cpython::FrameFields now = cpython::decode_frame(layout_, first);
    return now.code == frame.code && now.instruction == frame.instruction &&
           std::memcmp(first, second, place.size) == 0 &&
           entry.code.identity.still_same(std::span<const std::byte>(first + place.size, proof));
}

/// Byte offset of the frame's instruction in its bytecode; nothing when it has not begun or points elsewhere.
std::optional<std::uint32_t> CodeCache::offset_in(const Entry& entry, const cpython::RawFrame& frame) const {
    if (frame.tlbc_index != 0)
        return cpython::tlbc_offset(memory_, layout_, frame.code, entry.code.code_bytes, frame.tlbc_index,
                                    frame.instruction);
    return cpython::instruction_offset(layout_, frame.code, entry.code.code_bytes, frame.instruction);
}

bool CodeCache::can_be_calling(const cpython::RawFrame& frame) {
    const Entry* entry = find_or_read(frame.code);
    if (entry == nullptr) return false;
    const auto offset = offset_in(*entry, frame);
    if (!offset) return false;
    if (*offset >= entry->code.bytecode.size()) return true;  // beyond what was kept of a very long function
    const auto opcode = static_cast<std::uint8_t>(entry->code.bytecode[*offset]);
    return std::find(leaving_.begin(), leaving_.end(), opcode) == leaving_.end();
}

CodeCache::Resolved CodeCache::resolve(const cpython::RawFrame& frame) {
    Entry* entry = find_or_read(frame.code);
    if (entry == nullptr) return {};
    // A name that was read only after the stack may be that of the next code object at the same address.
    if (entry->read_round == round_ && reuse_expected() && !still_runs(frame, *entry)) return {Kind::kReused, {}};
    const auto offset = offset_in(*entry, frame);
    const bool heap_frame = layout_.instruction_pointer != cpython::InstructionPointer::kAddress;
    if (!heap_frame && !frame.generator && (!offset || *offset < entry->code.first_traceable))
        return {Kind::kIncomplete, {}};  // _PyFrame_IsIncomplete, Include/internal/pycore_frame.h
    if (!offset) {
        // f_lasti is -1 until the first instruction; the interpreter itself then reports the first line.
        return {Kind::kFrame, builder_.intern_frame(entry->function, entry->code.first_line)};
    }
    std::uint32_t& slot = entry->frame_at[*offset / layout_.code_unit];
    if (slot == 0) slot = builder_.intern_frame(entry->function, entry->code.lines.line(*offset)).value + 1;
    return {Kind::kFrame, FrameId(slot - 1)};
}

/// Reads these entries once more, all in one call, as far as that goes.
void CodeCache::read_proofs(std::span<Proof> proofs) {
    proof_segments_.clear();
    std::size_t bytes = 0;
    for (const Proof& proof : proofs) {
        const auto segments = proof.entry->code.identity.proof_segments();
        proof_segments_.insert(proof_segments_.end(), segments.begin(), segments.end());
        bytes += proof.entry->code.identity.proof_bytes();
    }
    if (proof_bytes_.size() < bytes) proof_bytes_.resize(bytes);
    const std::size_t got = memory_.read_segments(proof_segments_, std::span(proof_bytes_.data(), bytes));
    std::size_t at = 0;
    for (Proof& proof : proofs) {
        const cpython::CodeIdentity& identity = proof.entry->code.identity;
        const std::size_t size = identity.proof_bytes();
        proof.read = at + size <= got;
        proof.same = proof.read && identity.still_same(std::span<const std::byte>(proof_bytes_.data() + at, size));
        at += size;
    }
}

/// Says of each of `proofs_` whether it is the same, and drops those that are not.
void CodeCache::prove_entries() {
    read_proofs(proofs_);
    // The call ends at the first byte that is not there any more; what lies behind it is read one by one.
    for (std::size_t i = 0; i < proofs_.size(); ++i)
        if (!proofs_[i].read) read_proofs(std::span(proofs_).subspan(i, 1));
    for (const Proof& proof : proofs_) {
        if (proof.same) continue;
        last_reuse_ = now_;
        entries_.erase(proof.code);
    }
}

void CodeCache::prove(std::span<const cpython::RawFrame> frames, std::uint64_t generation,
                      std::chrono::nanoseconds now) {
    ++round_;
    now_ = now;
    proofs_.clear();
    for (const cpython::RawFrame& frame : frames) {
        const auto known = entries_.find(frame.code);
        if (known == entries_.end()) continue;
        Entry& entry = *known->second;
        if (entry.proven_round == round_ || (generation != 0 && entry.proven_generation == generation)) continue;
        entry.proven_round = round_;
        if (entry.settled && !reuse_expected()) {
            if (!entry.waits) waiting_.emplace_back(frame.code, entry.function);
            entry.waits = true;
            continue;
        }
        proofs_.push_back({frame.code, &entry});
    }
    if (proofs_.empty()) return;
    prove_entries();
    for (const Proof& proof : proofs_) {
        if (!proof.same) continue;
        proof.entry->proven_generation = generation;
        proof.entry->settled = now - proof.entry->known_since >= kSettlesAfter;
    }
}

std::span<const FunctionId> CodeCache::check_waiting() {
    changed_.clear();
    proofs_.clear();
    for (const auto& [code, function] : waiting_) {
        const auto known = entries_.find(code);
        if (known == entries_.end() || !known->second->waits) {  // dropped, or dropped and read anew
            changed_.push_back(function);
            continue;
        }
        known->second->waits = false;
        proofs_.push_back({code, known->second.get()});
    }
    if (!proofs_.empty()) {
        prove_entries();
        const bool gone = std::none_of(proofs_.begin(), proofs_.end(), [](const Proof& proof) { return proof.read; });
        for (std::size_t i = 0, proof = 0; i < waiting_.size() && proof < proofs_.size(); ++i) {
            if (waiting_[i].first != proofs_[proof].code) continue;
            // A program that has ended takes no name back.
            if (!proofs_[proof].same && !gone) changed_.push_back(waiting_[i].second);
            ++proof;
        }
    }
    waiting_.clear();
    return changed_;
}

}  // namespace lampyr::sampler
