// bare.hpp: the anchor without the harness, to see what the harness adds.
#pragma once

#include <thread>

#include "09_how_fast/threads.hpp"
#include "09_how_fast/worker.hpp"

/// The same two threads, line, send and receive, in loops by hand: the words are
/// counted and not made, nothing is verified, and the clock is read once in ten
/// samples' time.
inline void bare_loops(const task& t, finding& found) {
    constexpr std::size_t tenfold = 10;
    const auto both = [&](over_threads& to) {
        over_threads from = to;
        from.open(side::answering);
        const std::size_t samples = t.amount.samples / tenfold + 2;
        const std::size_t batch = t.amount.batch * tenfold;
        std::thread answering([&] {
            pin(t.cpus[1]);
            for (std::size_t i = 0; i < samples * batch; ++i) {
                from.receive();
                from.send(i + 1);
            }
        });
        std::vector<std::int64_t> taken;
        std::uint64_t n = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            const std::int64_t start = now(CLOCK_MONOTONIC);
            for (std::size_t j = 0; j < batch; ++j) {
                to.send(++n);
                to.receive();
            }
            taken.push_back((now(CLOCK_MONOTONIC) - start) / tenfold);
        }
        answering.join();
        found.verified = false;
        keep(found, {taken.begin() + 1, taken.end()});  // without the first, to warm up
    };
    run_sides<over_threads>(t, found, both, both);
}
