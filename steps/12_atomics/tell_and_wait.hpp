// tell_and_wait.hpp: a value, and a flag that says that it is there.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "01_raw_struct/layout.hpp"

// #region tell_and_wait
/// Stores `value` in bar, and then 1 in baz, in this order for whoever waits: what a
/// thread did before a release is there for whoever acquires what it released
/// ([atomics.order]).
inline void tell(foo& f, int value) {
    f.bar = value;
    std::atomic_ref(f.baz).store(1, std::memory_order_release);
}

/// Looks at baz until it is not 0, and returns bar; or nothing, once `limit` is over.
inline std::optional<int> wait(foo& f, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::atomic_ref(f.baz).load(std::memory_order_acquire) == 0) {
        if (std::chrono::steady_clock::now() > end) return std::nullopt;
    }
    return f.bar;
}
// #endregion tell_and_wait
