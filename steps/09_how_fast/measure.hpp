// measure.hpp: what each of the two sides does: it asks, or it answers.
#pragma once

#include <chrono>
#include <vector>

#include "09_how_fast/transport.hpp"

// #region round_trips
constexpr std::size_t batch = 20;  // reading the clock takes time too: once per batch
constexpr std::uint64_t the_end = 0;  // which word() never is

/// What `samples` batches took, or as many as fit into `limit`, in ns a round trip; the
/// first tenth, in which all warms up, is left out. Every answer is verified. Throws
/// std::runtime_error at the first wrong word.
template <transport T>
std::vector<double> ask(T& other, std::size_t samples, std::chrono::seconds limit) {
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + limit;
    std::vector<double> took;
    std::uint64_t n = 0;
    do {
        const auto start = clock::now();
        for (std::size_t i = 0; i < batch; ++i) {
            other.send(word(n++));
            verify(other.receive(), n++);  // the answer has a word of its own
        }
        const std::chrono::duration<double, std::nano> time = clock::now() - start;
        took.push_back(time.count() / batch);
    } while (took.size() < samples && clock::now() < end);
    other.send(the_end);
    took.erase(took.begin(), took.begin() + static_cast<long>(took.size() / 10));
    return took;
}

/// The other side of ask(): verifies every word and sends the next one.
template <transport T>
void answer(T& other) {
    std::uint64_t n = 0;
    for (std::uint64_t got = other.receive(); got != the_end; got = other.receive()) {
        verify(got, n++);
        other.send(word(n++));
    }
}
// #endregion round_trips
