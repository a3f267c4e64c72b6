// SPDX-License-Identifier: MIT
#include "cpython/known_calls.hpp"

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

void KnownCalls::learn(const RawFrame& caller, const RawFrame& callee) {
    const std::uint64_t key = key_of(caller, callee);
    std::size_t i = key & (kSlots - 1);
    while (slots_[i].key != 0 && slots_[i].key != key) i = (i + 1) & (kSlots - 1);
    if (slots_[i].key == 0) {
        if (used_ > kSlots / 4 * 3) {
            forget();  // a program of more calls than that learns again
            i = key & (kSlots - 1);
        }
        slots_[i].key = key;
        ++used_;
    }
    if (slots_[i].proofs < kEnough) {
        ++slots_[i].proofs;
        ++version_;
    }
}

bool KnownCalls::knows(const RawFrame& caller, const RawFrame& callee) const {
    const std::uint64_t key = key_of(caller, callee);
    std::size_t i = key & (kSlots - 1);
    while (slots_[i].key != 0 && slots_[i].key != key) i = (i + 1) & (kSlots - 1);
    return slots_[i].key == key && slots_[i].proofs >= kEnough;
}

}  // namespace lampyr::cpython
