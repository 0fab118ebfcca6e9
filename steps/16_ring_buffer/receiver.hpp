// receiver.hpp: the one who reads from a ring.
#pragma once

#include "16_ring_buffer/ring.hpp"

// #region receiver
/// The one who reads.
template <class T, std::size_t N, class Memory = hardware>
class receiver {
public:
    /// Goes on where the receiver before has stopped: with the message that it had in
    /// hand.
    explicit receiver(ring<T, N, Memory>& r)
        : ring_{r},
          next_{r.released.load(std::memory_order_relaxed)},
          written_{r.written.load(std::memory_order_acquire)} {
        between(next_, written_, N);
    }

    /// The oldest message, or nothing if there is none. It stays until release().
    const T* front() {
        if (next_ == written_) {
            const auto seen = ring_.written.load(std::memory_order_acquire);
            if (between(next_, seen, N) == 0) return nullptr;
            written_ = seen;
        }
        return &ring_.slot(next_);
    }

    /// Gives the slot of front() back to the sender.
    void release() { ring_.released.store(++next_, std::memory_order_release); }

    /// The number of the message that comes next, from 0.
    std::uint64_t number() const { return next_; }

private:
    ring<T, N, Memory>& ring_;
    std::uint64_t next_;
    std::uint64_t written_;  // as seen last
};
// #endregion receiver
