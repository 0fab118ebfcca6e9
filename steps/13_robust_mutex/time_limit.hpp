// time_limit.hpp: how long to wait at most.
#pragma once

#include <chrono>
#include <ctime>

// #region within
/// A moment, and how far off it was: a wait that is begun again, for a signal or
/// another reason, still ends then.
struct time_limit {
    timespec end;  // CLOCK_MONOTONIC, which nobody sets
    std::chrono::milliseconds length;
};

/// The moment that is `length` from now.
inline time_limit within(std::chrono::milliseconds length) {
    timespec end{};
    ::clock_gettime(CLOCK_MONOTONIC, &end);
    const auto nanoseconds = end.tv_nsec + length.count() % 1000 * 1'000'000;
    end.tv_sec +=
        static_cast<std::time_t>(length.count() / 1000 + nanoseconds / 1'000'000'000);
    end.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
    return {end, length};
}
// #endregion within
