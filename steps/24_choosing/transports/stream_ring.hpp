// stream_ring.hpp: step 16's ring, filled and read in place.
#pragma once

#include "16_ring_buffer/receiver.hpp"
#include "16_ring_buffer/sender.hpp"
#include "24_choosing/harness/stream.hpp"

/// What was written is published after every `together` messages.
template <std::size_t words, int together>
class stream_ring {
public:
    using message = message_of<words>;

    explicit stream_ring(const place&) {}
    void open(side s) {
        if (s == side::asking)
            sender_.emplace(*ring_);
        else
            receiver_.emplace(*ring_);
    }
    template <class Fill>
    bool give(Fill fill) {
        message* const slot = sender_->reserve();
        if (slot) {
            fill(*slot);
            ++unpublished_;
        }
        // Also when there is no room: the receiver may have nothing left to give back.
        if (unpublished_ == together || (!slot && unpublished_ != 0)) {
            sender_->publish();
            unpublished_ = 0;
        }
        return slot != nullptr;
    }
    template <class Look>
    bool take(Look look) {
        const message* const slot = receiver_->front();
        if (!slot) return false;
        look(*slot);
        receiver_->release();
        return true;
    }
    void close() {
        if (sender_) sender_->publish();
    }

private:
    shared_memory<ring<message, stream_capacity>> ring_;
    std::optional<sender<message, stream_capacity>> sender_;
    std::optional<receiver<message, stream_capacity>> receiver_;
    int unpublished_ = 0;
};
