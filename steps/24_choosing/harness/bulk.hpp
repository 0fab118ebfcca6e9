// bulk.hpp: many bytes from one process to another, in chunks.
#pragma once

#include "09_how_fast/mapping.hpp"
#include "24_choosing/harness/chunks.hpp"
#include "24_choosing/harness/measure.hpp"

/// A way to hand over chunks. The giver fills room(), then calls give(); the taker
/// reads what take() returns, then calls done().
template <class T>
concept bulk_transport = requires(T t, const place& p, side s, std::size_t words) {
    T(p);
    t.open(s);
    chunk{t.room(words)};  // of the giver, until give()
    t.give(words);
    chunk{t.take(words)};  // of the taker, until done()
    t.done();
};

/// Gives message after message, each of other words, and takes the time until `end`
/// says that the taker has verified it.
template <bulk_transport T>
measured give_all(T& to, line_end end, const plan& p, std::size_t words) {
    std::vector<std::int64_t> samples;
    resources before;
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < p.warm_up() + p.samples; ++i) {
        if (i == p.warm_up()) before = used_so_far();
        const std::int64_t start = now(CLOCK_MONOTONIC);
        for (std::size_t j = 0; j < p.batch; ++j) {
            std::uint64_t next = word(n);
            in_chunks(words, [&](std::size_t size) {
                fill(to.room(size), next);
                next += size;
                to.give(size);
            });
            verify(end.receive(), n++);
        }
        if (i >= p.warm_up()) samples.push_back(now(CLOCK_MONOTONIC) - start);
    }
    return {samples, used_so_far() - before};
}

/// The other side of give_all(). Throws std::runtime_error at the first wrong word.
template <bulk_transport T>
resources take_all(T& from, line_end end, const plan& p, std::size_t words) {
    resources before;
    for (std::uint64_t n = 0; n < (p.warm_up() + p.samples) * p.batch; ++n) {
        if (n == p.warm_up() * p.batch) before = used_so_far();
        std::uint64_t next = word(n);
        in_chunks(words, [&](std::size_t size) {
            verify(from.take(size), next);
            from.done();
            next += size;
        });
        end.send(word(n));
    }
    return used_so_far() - before;
}
