// stream_plain.hpp: the ring that one writes first: right, and slow.
#pragma once

#include <atomic>

#include "24_choosing/harness/stream.hpp"

/// Both counters are in one cache line, and each side looks at both for each message.
template <std::size_t words>
class stream_plain {
public:
    using message = message_of<words>;

    explicit stream_plain(const place&) {}
    void open(side) {}
    template <class Fill>
    bool give(Fill fill) {
        const auto written = ring_->written.load(std::memory_order_relaxed);
        if (written - ring_->released.load(std::memory_order_acquire) ==
            stream_capacity)
            return false;
        fill(ring_->slots[written % stream_capacity]);
        ring_->written.store(written + 1, std::memory_order_release);
        return true;
    }
    template <class Look>
    bool take(Look look) {
        const auto released = ring_->released.load(std::memory_order_relaxed);
        if (ring_->written.load(std::memory_order_acquire) == released) return false;
        look(ring_->slots[released % stream_capacity]);
        ring_->released.store(released + 1, std::memory_order_release);
        return true;
    }

private:
    struct shared {
        std::atomic<std::uint64_t> written{0}, released{0};
        alignas(64) std::array<message, stream_capacity> slots{};
    };
    shared_memory<shared> ring_;
};
