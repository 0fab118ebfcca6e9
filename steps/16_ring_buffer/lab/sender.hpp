// sender.hpp: the one who writes into a ring.
#pragma once

#include "16_ring_buffer/ring.hpp"

/// The one who writes. What it has seen last is its own: it looks at the other's
/// counter, and waits for its cache line, only when the ring seems full.
template <class T, std::size_t N, class Memory = hardware>
class sender {
public:
    /// Goes on where the sender before has stopped.
    explicit sender(ring<T, N, Memory>& r)
        : ring_{r},
          reserved_{r.written.load(std::memory_order_relaxed)},
          released_{r.released.load(std::memory_order_acquire)} {
        between(released_, reserved_, N);
    }

    /// A slot to be filled, or nothing if the ring is full.
    T* reserve() {
        // TODO: the next slot; or nullptr, if all N are on their way or not yet given
        // back. Look at the other's counter only when the ring seems full, and check
        // it.
        return nullptr;
    }

    /// Shows the receiver all that was reserved, and filled, since the last time.
    void publish() {
        // TODO: which order makes the messages come before the counter?
    }

    /// The number of the message that is reserved next, from 0.
    std::uint64_t number() const { return reserved_; }

private:
    ring<T, N, Memory>& ring_;
    std::uint64_t reserved_;
    std::uint64_t released_;  // as seen last
};
