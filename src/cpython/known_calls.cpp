// SPDX-License-Identifier: MIT
#include "cpython/known_calls.hpp"

#include <limits>

namespace lampyr::cpython {

namespace {

/// The finaliser of SplitMix64.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

}  // namespace

std::uint64_t KnownCalls::key_of(const RawFrame& caller, const RawFrame& callee) {
    std::uint64_t key = mix(caller.code.value);
    key = mix(key + caller.instruction);
    key = mix(key + callee.code.value * 2 + (callee.through_c ? 1 : 0));
    return key == 0 ? 1 : key;
}

std::size_t KnownCalls::find(std::uint64_t key) const {
    std::size_t i = key & (kSlots - 1);
    while (slots_[i].key != 0 && slots_[i].key != key) i = (i + 1) & (kSlots - 1);
    return i;
}

KnownCalls::Slot& KnownCalls::claim(std::uint64_t key) {
    std::size_t i = find(key);
    if (slots_[i].key == 0) {
        if (used_ > kSlots / 4 * 3) {
            forget();  // a program of more calls than that learns again
            i = find(key);
        }
        slots_[i].key = key;
        ++used_;
    }
    return slots_[i];
}

bool KnownCalls::count(std::uint64_t key) {
    Slot& slot = claim(key);
    if (proven(slot)) return false;
    ++slot.proofs;
    ++version_;
    return true;
}

/// Making a generator and resuming it are calls from two places.
std::uint64_t KnownCalls::site_key(const RawFrame& caller, const RawFrame& callee) {
    const std::uint64_t kind = (callee.generator ? 2U : 0U) + (callee.through_c ? 1U : 0U);
    return mix(mix(caller.code.value) + callee.code.value * 4 + kind) | 1;
}

void KnownCalls::note_site(const RawFrame& caller, const RawFrame& callee) {
    const std::uint64_t key = site_key(caller, callee);
    Site& site = sites_[key / 2 & (kSites - 1)];
    if (site.key != key) {
        site.key = key;
        site.count = 0;
    }
    if (site.count < site.callers.size()) site.callers[site.count] = caller;
    ++site.count;
}

/// The empty callee stands for all calls from there.
void KnownCalls::add(const RawFrame& caller, const RawFrame& callee) {
    const std::uint64_t key = key_of(caller, callee);
    if (!count(key)) return;
    count(key_of(caller, {}));
    if (proven(slots_[find(key)])) note_site(caller, callee);
}

void KnownCalls::learn(const RawFrame& caller, const RawFrame& callee) {
    if (learning_) add(caller, callee);
}

void KnownCalls::learn_for_sure(const RawFrame& caller, const RawFrame& callee) {
    for (std::uint32_t i = 0; i < kEnough; ++i) add(caller, callee);
}

void KnownCalls::doubt(const RawFrame& caller, const RawFrame& callee) {
    Slot& slot = claim(key_of(caller, callee));
    if (slot.doubts != std::numeric_limits<std::uint32_t>::max()) ++slot.doubts;
}

bool KnownCalls::knows(const RawFrame& caller, const RawFrame& callee) const {
    return proven(slots_[find(key_of(caller, callee))]);
}

bool KnownCalls::put_at_call(RawFrame& caller, const RawFrame& callee) const {
    const std::uint64_t key = site_key(caller, callee);
    const Site& site = sites_[key / 2 & (kSites - 1)];
    if (site.key != key || site.count > site.callers.size()) return false;
    const RawFrame* only = nullptr;
    for (std::uint32_t i = 0; i < site.count; ++i) {
        if (!knows(site.callers[i], callee)) continue;  // doubted since
        if (only != nullptr) return false;
        only = &site.callers[i];
    }
    if (only == nullptr) return false;
    caller.instruction = only->instruction;
    caller.tlbc_index = only->tlbc_index;
    return true;
}

bool KnownCalls::is_call(const RawFrame& caller) const { return proven(slots_[find(key_of(caller, {}))]); }

}  // namespace lampyr::cpython
