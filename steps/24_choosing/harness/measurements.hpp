// measurements.hpp: the kinds of measurement that a worker does.
#pragma once

#include "24_choosing/harness/bulk.hpp"
#include "24_choosing/harness/thread_on.hpp"
#include "24_choosing/harness/worker.hpp"
#include "24_choosing/transports/threads.hpp"

/// Round trips of 8 bytes between two processes.
template <placed_transport T>
void round_trips(const task& t, finding& found) {
    run_sides<T>(
        t, [&](T& to) { keep(found, ask(to, t.amount)); },
        [&](T& from) { found.used[1] = answer(from, t.amount); });
}

/// The same between two threads of one process.
inline void between_threads(const task& t, finding& found) {
    const auto both = [&](over_threads& to) {
        over_threads from = to;
        from.open(side::answering);
        std::jthread answering = thread_on(
            t.cpus[1], [&] { found.used[1].waited = answer(from, t.amount).waited; });
        keep(found, ask(to, t.amount));
        answering.join();
    };
    run_sides<over_threads>(t, both, both);
}

/// Messages of task::length cache lines, in one direction.
template <bulk_transport T>
void messages(const task& t, finding& found) {
    const std::size_t words = t.length * words_in_a_line;
    found.bytes = words * sizeof(std::uint64_t);
    const shared_memory<line> end;
    run_sides<T>(
        t,
        [&](T& to) {
            keep(found, give_all(to, line_end(*end, side::asking), t.amount, words));
        },
        [&](T& from) {
            found.used[1] =
                take_all(from, line_end(*end, side::answering), t.amount, words);
        });
}

/// The line to beat: memcpy(3) in one process, between two buffers of its own. It is
/// not charged for filling the one, nor for verifying the other.
inline void copies(const task& t, finding& found) {
    const std::size_t words = t.length * words_in_a_line;
    found.bytes = words * sizeof(std::uint64_t);
    const auto copy = [&](over_threads&) {
        buffer one(words), other(words);
        const chunk from = one.first(words), into = other.first(words);
        std::vector<std::int64_t> samples;
        resources before;
        for (std::uint64_t n = 0; n < t.amount.warm_up() + t.amount.samples; ++n) {
            if (n == t.amount.warm_up()) before = used_so_far();
            fill(from, word(n));
            const std::int64_t start = now(CLOCK_MONOTONIC);
            for (std::size_t i = 0; i < t.amount.batch; ++i)
                std::memcpy(into.data(), from.data(), from.size_bytes());
            if (n >= t.amount.warm_up())
                samples.push_back(now(CLOCK_MONOTONIC) - start);
            verify(into, word(n));
        }
        keep(found, {samples, used_so_far() - before});
    };
    run_sides<over_threads>(t, copy, copy);
}
