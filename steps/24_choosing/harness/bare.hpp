// bare.hpp: the anchor without the harness, to see what the harness adds.
#pragma once

#include "24_choosing/harness/thread_on.hpp"
#include "24_choosing/harness/worker.hpp"
#include "24_choosing/transports/threads.hpp"

/// The same two threads, line, send and receive, in loops by hand: the words are
/// counted and not made, and nothing is verified.
inline void bare_loops(const task& t, finding& found) {
    const plan& p = t.amount;
    const auto both = [&](over_threads& to) {
        over_threads from = to;
        from.open(side::answering);
        std::jthread answering = thread_on(t.cpus[1], [&] {
            for (std::size_t i = 0; i < (p.warm_up() + p.samples) * p.batch; ++i) {
                from.receive();
                from.send(i + 1);
            }
        });
        std::uint64_t n = 0;
        const auto batch = [&] {
            for (std::size_t i = 0; i < p.batch; ++i) {
                to.send(++n);
                to.receive();
            }
        };
        for (std::size_t i = 0; i < p.warm_up(); ++i) batch();
        std::vector<std::int64_t> samples(p.samples);
        const resources before = used_so_far();
        for (std::int64_t& sample : samples) {
            const std::int64_t start = now(CLOCK_MONOTONIC);
            batch();
            sample = now(CLOCK_MONOTONIC) - start;
        }
        keep(found, {samples, used_so_far() - before});
        answering.join();
        found.verified = false;
    };
    run_sides<over_threads>(t, both, both);
}
