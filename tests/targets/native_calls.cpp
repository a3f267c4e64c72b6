// SPDX-License-Identifier: MIT
// C++ functions with known callers: namespaces, templates, lambdas in std::function, exceptions. Built by the test.
#include <chrono>
#include <functional>
#include <stdexcept>

using Callback = int (*)(int);

namespace {

volatile unsigned long sink;

// Compilers put this into its callers; debug information says so.
inline __attribute__((always_inline)) void count_up() {
    for (int i = 0; i < 20000; ++i) sink = sink + static_cast<unsigned long>(i);
}

}  // namespace

namespace shop {

__attribute__((noinline)) int spin(int milliseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (std::chrono::steady_clock::now() < end) count_up();
    return static_cast<int>(sink & 1);
}

/// Works when it is thrown away, also by an exception that passes.
struct Guard {
    int milliseconds;
    __attribute__((noinline)) ~Guard() {
        if (milliseconds > 0) spin(milliseconds);
        sink = sink + 1;
    }
};

__attribute__((noinline)) int dig(int depth, int milliseconds) {
    const Guard guard{depth == 1 ? milliseconds : 0};
    if (depth == 0) throw std::runtime_error("deep enough");
    const int result = dig(depth - 1, milliseconds);
    return result + 1;
}

template <typename Item>
class Basket {
  public:
    explicit Basket(Item item) : item_(item) {}
    __attribute__((noinline)) Item each(const std::function<Item(Item)>& visit) const {
        const Item result = visit(item_);
        sink = sink + 1;
        return result;
    }

  private:
    Item item_;
};

}  // namespace shop

extern "C" __attribute__((noinline, visibility("default"))) int cpp_call(Callback call, int level) {
    const shop::Basket<int> basket(level);
    const int result = basket.each([call](int item) __attribute__((noinline)) {
        const int inner = call(item - 1);
        sink = sink + 1;
        return inner;
    });
    return result + 1;
}

extern "C" __attribute__((noinline, visibility("default"))) int cpp_work(int milliseconds) {
    try {
        return shop::dig(2, milliseconds);
    } catch (const std::runtime_error&) {
        return 0;
    }
}
