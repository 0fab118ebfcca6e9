// stream.hpp: one message after another, in one direction.
#pragma once

#include "09_how_fast/pause.hpp"
#include "24_choosing/harness/worker.hpp"

/// A message of 8 bytes, or of a cache line.
template <std::size_t words>
using message_of = std::array<std::uint64_t, words>;

/// How many messages a queue has room for: few, so that all of it stays in the first
/// cache of a CPU (64 of 64 bytes are 4 KiB). A longer one is slower.
constexpr std::size_t stream_capacity = 64;

/// A queue of messages: give() returns false if it is full and take() if it is empty;
/// otherwise `fill` writes a message, and `look` reads one.
template <class T>
concept stream_transport = requires(T t, const place& p, side s) {
    T(p);
    t.open(s);
    bool{t.give([](typename T::message&) {})};
    bool{t.take([](const typename T::message&) {})};
};

/// Gives messages of which no word is in another one; a sample is the time of a batch.
template <stream_transport T>
measured give_stream(T& to, const plan& p) {
    std::uint64_t next = word(0);
    const auto batch = [&] {
        for (std::size_t i = 0; i < p.batch; ++i) {
            const auto fill = [&](typename T::message& m) {
                for (std::uint64_t& each : m) each = next++;
            };
            while (!to.give(fill)) pause_a_moment();
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
    return {samples, used_so_far() - before};
}

/// The other side. Throws std::runtime_error after the last message if any word was
/// wrong.
template <stream_transport T>
resources take_stream(T& from, const plan& p) {
    std::uint64_t next = word(0), wrong = 0;
    const auto look = [&](const typename T::message& m) {
        for (const std::uint64_t each : m) wrong |= each ^ next++;
    };
    const auto batches = [&](std::size_t count) {
        for (std::size_t i = 0; i < count * p.batch; ++i)
            while (!from.take(look)) pause_a_moment();
    };
    batches(p.warm_up());
    const resources before = used_so_far();
    batches(p.samples);
    if (wrong != 0) throw std::runtime_error("a message arrived with other bytes");
    return used_so_far() - before;
}

template <stream_transport T>
void streams(const task& t, finding& found) {
    found.bytes = sizeof(typename T::message);
    run_sides<T>(
        t, [&](T& to) { keep(found, give_stream(to, t.amount)); },
        [&](T& from) { found.used[1] = take_stream(from, t.amount); });
}
