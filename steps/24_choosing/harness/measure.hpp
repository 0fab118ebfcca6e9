// measure.hpp: what the two sides of a measurement do, and the clock.
#pragma once

#include <vector>

#include "24_choosing/harness/place.hpp"
#include "24_choosing/harness/resources.hpp"

/// How much to measure. The clock is read once per batch, as reading it takes time too.
struct plan {
    std::size_t samples = 2000;
    std::size_t batch = 20;  // round trips in one sample
    std::size_t warm_up() const { return 1 + samples / 10; }  // batches before them
};

/// What the side that holds the clock finds, warming up left out.
struct measured {
    std::vector<std::int64_t> samples;  // ns per batch
    resources used;
};

// #region ask
/// Sends plan's words and verifies every answer. Throws std::runtime_error at the
/// first wrong word.
template <transport T>
measured ask(T& to, const plan& p) {
    std::uint64_t n = 0;
    const auto round_trip = [&] {
        to.send(word(n++));
        verify(to.receive(), n++);  // the answer has a word of its own
    };
    for (std::size_t i = 0; i < p.warm_up() * p.batch; ++i) round_trip();

    std::vector<std::int64_t> samples(p.samples);
    const resources before = used_so_far();
    for (std::int64_t& sample : samples) {
        const std::int64_t start = now(CLOCK_MONOTONIC);
        for (std::size_t i = 0; i < p.batch; ++i) round_trip();
        sample = now(CLOCK_MONOTONIC) - start;
    }
    return {samples, used_so_far() - before};
}

/// The other side of ask(): verifies every word and sends the next one.
template <transport T>
resources answer(T& to, const plan& p) {
    std::uint64_t n = 0;
    const auto round_trips = [&](std::size_t batches) {
        for (std::size_t i = 0; i < batches * p.batch; ++i) {
            verify(to.receive(), n++);
            to.send(word(n++));
        }
    };
    round_trips(p.warm_up());
    const resources before = used_so_far();
    round_trips(p.samples);
    return used_so_far() - before;
}
// #endregion ask
