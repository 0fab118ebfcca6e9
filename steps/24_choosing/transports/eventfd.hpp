// eventfd.hpp: a counter in the kernel for each direction, eventfd(2). What is written
// is added, and what is read is the sum, set to 0 again: so one word is one message.
#pragma once

#include <sys/eventfd.h>

#include "09_how_fast/words.hpp"
#include "24_choosing/harness/place.hpp"
#include "common/unique_fd.hpp"

class over_eventfd {
public:
    explicit over_eventfd(const place&)
        : there_{check(::eventfd(0, EFD_CLOEXEC), "eventfd")},
          back_{check(::eventfd(0, EFD_CLOEXEC), "eventfd")} {}
    void open(side s) {
        out_ = s == side::asking ? there_.get() : back_.get();
        in_ = s == side::asking ? back_.get() : there_.get();
    }
    void send(std::uint64_t word) { send_word(out_, word); }
    std::uint64_t receive() { return receive_word(in_); }

private:
    unique_fd there_;
    unique_fd back_;
    int out_ = -1;
    int in_ = -1;
};
