// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace lampyr::cpython {

/// Why an object of the target could not be decoded. One byte, counted by cause, never formatted while sampling.
enum class DecodeError : std::uint8_t {
    kOk,
    kUnreadable,  ///< the target's memory could not be read there
    kBadPointer,  ///< null, unaligned or outside user space
    kBadSize,     ///< a length or size no such object can have
    kBadValue,    ///< a field contradicts what the interpreter allows
    kWrongType,   ///< not an object of the expected type
    kChanged,     ///< it became another object while it was read
};
[[nodiscard]] std::string_view to_string(DecodeError error);

/// A decoded value or why there is none. Does not allocate on error.
template <typename T>
class [[nodiscard]] Decoded {
  public:
    Decoded(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    Decoded(DecodeError error) : error_(error) {    // NOLINT(google-explicit-constructor)
        assert(error != DecodeError::kOk);
    }

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    /// kOk when there is a value.
    [[nodiscard]] DecodeError error() const noexcept { return error_; }

    [[nodiscard]] T& operator*() & { return checked(); }
    [[nodiscard]] const T& operator*() const& { return const_cast<Decoded*>(this)->checked(); }
    [[nodiscard]] T&& operator*() && { return std::move(checked()); }
    [[nodiscard]] T* operator->() { return &checked(); }
    [[nodiscard]] const T* operator->() const { return &const_cast<Decoded*>(this)->checked(); }

  private:
    T& checked() {
        assert(value_.has_value());
        return *value_;
    }

    std::optional<T> value_;
    DecodeError error_ = DecodeError::kOk;
};

}  // namespace lampyr::cpython
