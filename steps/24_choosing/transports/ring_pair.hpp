// ring_pair.hpp: step 16's ring, one for each direction, with one word in flight.
#pragma once

#include "09_how_fast/pause.hpp"
#include "16_ring_buffer/receiver.hpp"
#include "16_ring_buffer/sender.hpp"
#include "24_choosing/harness/place.hpp"
#include "24_choosing/transports/memory.hpp"

class over_ring_pair {
    using words = ring<std::uint64_t, 1024>;
    struct both_ways {
        words there, back;
    };

public:
    explicit over_ring_pair(const place&) {}
    void open(side s) {
        out_.emplace(s == side::asking ? ways_->there : ways_->back);
        in_.emplace(s == side::asking ? ways_->back : ways_->there);
    }
    void send(std::uint64_t word) {
        std::uint64_t* slot = nullptr;
        while (!(slot = out_->reserve())) pause_a_moment();
        *slot = word;
        out_->publish();
    }
    std::uint64_t receive() {
        const std::uint64_t* slot = nullptr;
        while (!(slot = in_->front())) pause_a_moment();
        const std::uint64_t word = *slot;
        in_->release();
        return word;
    }

private:
    shared_memory<both_ways> ways_;
    std::optional<sender<std::uint64_t, 1024>> out_;
    std::optional<receiver<std::uint64_t, 1024>> in_;
};
