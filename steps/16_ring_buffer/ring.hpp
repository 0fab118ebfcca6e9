// ring.hpp: a stream of messages in shared memory, from one sender to one receiver.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "14_seqlock/seqlock.hpp"

// #region ring
/// N messages of type T, and how many have been written and given back since the ring
/// was made: each counter has one who changes it, and a cache line of its own. A
/// message stays where it is: it is filled in its slot, and read there.
template <class T, std::size_t N, class Memory = hardware>
struct ring {
    static_assert(N > 0 && (N & (N - 1)) == 0,
                  "a power of two: counters may come round");
    alignas(64) typename Memory::word written{0};
    alignas(64) typename Memory::word released{0};
    alignas(64) std::array<T, N> slots{};

    T& slot(std::uint64_t number) { return slots[number % N]; }
};

/// How many messages are between two counters, of which the other side may have written
/// anything into one. Throws std::runtime_error if there cannot be that many.
inline std::uint64_t between(std::uint64_t from, std::uint64_t to, std::size_t most) {
    if (to - from > most)
        throw std::runtime_error("the other side's counter is out of range");
    return to - from;
}
// #endregion ring
