// SPDX-License-Identifier: MIT
#include "profile/hash.hpp"

#include <chrono>
#include <exception>
#include <random>

namespace lampyr::profile {

namespace {

std::uint64_t draw() noexcept {
    try {
        std::random_device device;
        return (static_cast<std::uint64_t>(device()) << 32) | device();
    } catch (const std::exception&) {
        // No random device: the clock is guessable, but the tables stay correct with any seed.
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    }
}

}  // namespace

std::uint64_t hash_seed() noexcept {
    static const std::uint64_t seed = draw();
    return seed;
}

}  // namespace lampyr::profile
