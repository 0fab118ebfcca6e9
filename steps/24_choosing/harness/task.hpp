// task.hpp: what a worker is asked, and what it finds.
#pragma once

#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "24_choosing/harness/measure.hpp"

constexpr int any_cpu = -1;

/// What is asked of a worker.
struct task {
    place where;
    plan amount;
    std::array<int, 2> cpus{any_cpu, any_cpu};  // asking, answering
    std::size_t length = 1;  // of a bulk message, in cache lines of 64 bytes
    std::chrono::seconds limit{10};
    bool stop = false;  // before measuring, until SIGCONT
    bool print_samples = false;
};

constexpr int max_samples = 100'000;

/// What it found.
struct finding {
    std::array<resources, 2> used{};            // by the asking side, the answering one
    std::size_t bytes = sizeof(std::uint64_t);  // of a message
    bool verified = true;  // every byte, by the side that received it
    std::size_t samples = 0;
    std::array<std::int64_t, max_samples> sample{};
};

/// Lets this thread run on `cpu` only; anywhere if it is any_cpu.
inline void pin(int cpu) {
    if (cpu == any_cpu) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(cpu), &one);
    check(::sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
}

inline void keep(finding& f, const measured& m) {
    f.used[0] = m.used;
    f.samples = m.samples.size();
    std::ranges::copy(m.samples, f.sample.begin());
}
