// measure.hpp: what the two sides of a measurement do, and the clock.
#pragma once

#include <time.h>

#include <vector>

#include "09_how_fast/transport.hpp"
#include "common/error.hpp"

/// Nanoseconds on `clock`, clock_gettime(2).
inline std::int64_t now(clockid_t clock) {
    timespec t{};
    check(::clock_gettime(clock, &t), "clock_gettime");
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

/// How much to measure. The clock is read once per batch, as reading it takes time too.
struct plan {
    std::size_t samples = 2000;
    std::size_t batch = 20;  // round trips in one sample
    std::size_t warm_up() const { return 1 + samples / 10; }  // batches before them
};

// #region ask
/// Sends plan's words and verifies every answer. Returns the samples: nanoseconds per
/// batch. Throws std::runtime_error at the first wrong word.
template <transport T>
std::vector<std::int64_t> ask(T& to, const plan& p) {
    std::uint64_t n = 0;
    const auto round_trip = [&] {
        to.send(word(n++));
        verify(to.receive(), n++);  // the answer has a word of its own
    };
    for (std::size_t i = 0; i < p.warm_up() * p.batch; ++i) round_trip();

    std::vector<std::int64_t> samples(p.samples);
    for (std::int64_t& sample : samples) {
        const std::int64_t start = now(CLOCK_MONOTONIC);
        for (std::size_t i = 0; i < p.batch; ++i) round_trip();
        sample = now(CLOCK_MONOTONIC) - start;
    }
    return samples;
}

/// The other side of ask(): verifies every word and sends the next one.
template <transport T>
void answer(T& to, const plan& p) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < (p.warm_up() + p.samples) * p.batch; ++i) {
        verify(to.receive(), n++);
        to.send(word(n++));
    }
}
// #endregion ask
