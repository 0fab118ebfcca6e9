// reading.hpp: one side reads a value as often as it can; the other one may change it.
#pragma once

#include <atomic>

#include "09_how_fast/pause.hpp"
#include "24_choosing/harness/worker.hpp"

/// A value in shared memory: read() returns it as a list of words, or nothing if it
/// could not be had just now.
template <class T>
concept value_transport = requires(T t, const place& p, side s, std::uint64_t n) {
    T(p);
    t.open(s);
    t.write(n);  // n, n + 1, and so on
    t.read();
};

constexpr std::int64_t writing_every = 1000;  // ns

/// Reads of a value that nobody changes, or (`written`) that the other side changes
/// every writing_every. Throws std::runtime_error at a torn value.
template <value_transport T, bool written>
void reads(const task& t, finding& found) {
    found.bytes = sizeof(*std::declval<T&>().read());
    const shared_memory<std::atomic<bool>> over;
    const auto read = [&](T& from) {
        const auto batch = [&] {
            std::uint64_t wrong = 0;
            for (std::size_t i = 0; i < t.amount.batch;) {
                const auto value = from.read();
                if (!value) continue;
                for (std::size_t j = 1; j < value->size(); ++j)
                    wrong |= (*value)[j] ^ ((*value)[0] + j);
                ++i;
            }
            if (wrong != 0) throw std::runtime_error("a value was torn");
        };
        for (std::size_t i = 0; i < t.amount.warm_up(); ++i) batch();
        std::vector<std::int64_t> samples(t.amount.samples);
        const resources before = used_so_far();
        for (std::int64_t& sample : samples) {
            const std::int64_t start = now(CLOCK_MONOTONIC);
            batch();
            sample = now(CLOCK_MONOTONIC) - start;
        }
        keep(found, {samples, used_so_far() - before});
        over->store(true);
    };
    const auto write = [&](T& to) {
        const resources before = used_so_far();
        std::int64_t next = now(CLOCK_MONOTONIC);
        for (std::uint64_t n = 1; !over->load();) {
            if (!written || now(CLOCK_MONOTONIC) < next) {
                pause_a_moment();
                continue;
            }
            to.write(n++);
            next += writing_every;
        }
        found.used[1] = used_so_far() - before;
    };
    run_sides<T>(t, read, write);
}
