// resources.hpp: what a process used of the machine, besides time.
#pragma once

#include <time.h>

#include <cstdint>
#include <fstream>

#include "common/error.hpp"

/// Nanoseconds on `clock`, clock_gettime(2).
inline std::int64_t now(clockid_t clock) {
    timespec t{};
    check(::clock_gettime(clock, &t), "clock_gettime");
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

struct resources {
    std::int64_t cpu_time = 0;  // ns, of this process with all its threads
    std::int64_t waited = 0;    // ns in which this thread could not run, as others did
};

/// What has been used so far. A kernel without /proc/[pid]/schedstat counts no waiting.
inline resources used_so_far() {
    std::int64_t ran = 0, waited = 0;
    std::ifstream("/proc/thread-self/schedstat") >> ran >> waited;
    return {now(CLOCK_PROCESS_CPUTIME_ID), waited};
}

inline resources operator-(const resources& later, const resources& earlier) {
    return {later.cpu_time - earlier.cpu_time, later.waited - earlier.waited};
}
