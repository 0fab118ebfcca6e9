// turns.hpp: who may touch which of four slots.
#pragma once

#include "09_how_fast/mapping.hpp"
#include "24_choosing/transports/memory.hpp"

/// Whose turn each of four slots is: two counters, each written by one side only
/// (step 16 builds a ring of this kind).
class turns {
public:
    static constexpr std::uint64_t slots = 4;

    /// The number of the next slot to fill, once it is empty; of the next to take, once
    /// it is full.
    std::size_t wait_empty() const {
        while (mine_ - both_->emptied.load(std::memory_order_acquire) == slots)
            pause_a_moment();
        return mine_ % slots;
    }
    std::size_t wait_full() const {
        while (both_->filled.load(std::memory_order_acquire) == mine_) pause_a_moment();
        return mine_ % slots;
    }
    void filled() { both_->filled.store(++mine_, std::memory_order_release); }
    void emptied() { both_->emptied.store(++mine_, std::memory_order_release); }

private:
    struct counters {
        alignas(64) std::atomic<std::uint64_t> filled{0};
        alignas(64) std::atomic<std::uint64_t> emptied{0};
    };
    shared_memory<counters> both_;
    std::uint64_t mine_ = 0;  // how many slots this side has filled, or emptied
};
