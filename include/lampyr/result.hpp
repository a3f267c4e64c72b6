// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/error.hpp>

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

namespace lampyr {

/// A value or the `Error` that prevented it. Member names are those of std::expected, which C++20 lacks.
///
///     Result<Layout> layout = find_layout(version);
///     if (!layout) return layout.error();
///     use(*layout);
template <typename T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    Result(T value) : storage_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : storage_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return storage_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & { return checked(); }
    [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->checked(); }
    [[nodiscard]] T&& value() && { return std::move(checked()); }
    [[nodiscard]] T& operator*() & { return checked(); }
    [[nodiscard]] const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
    [[nodiscard]] T&& operator*() && { return std::move(checked()); }
    [[nodiscard]] T* operator->() { return &checked(); }
    [[nodiscard]] const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

    [[nodiscard]] Error& error() & {
        assert(!has_value());
        return std::get<1>(storage_);
    }
    [[nodiscard]] const Error& error() const& {
        assert(!has_value());
        return std::get<1>(storage_);
    }
    [[nodiscard]] Error&& error() && {
        assert(!has_value());
        return std::move(std::get<1>(storage_));
    }

    template <typename U>
    [[nodiscard]] T value_or(U&& fallback) && {
        return has_value() ? std::move(std::get<0>(storage_)) : static_cast<T>(std::forward<U>(fallback));
    }

  private:
    T& checked() {
        assert(has_value());
        return std::get<0>(storage_);
    }

    std::variant<T, Error> storage_;
};

/// Success without a value, or the `Error`.
template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] Error& error() & {
        assert(error_);
        return *error_;
    }
    [[nodiscard]] const Error& error() const& {
        assert(error_);
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        assert(error_);
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace lampyr
