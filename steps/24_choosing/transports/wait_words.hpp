// wait_words.hpp: a word in shared memory, and step 15's sleep until it changes.
#pragma once

#include "15_wait_and_wake/spin_then_sleep.hpp"
#include "24_choosing/harness/place.hpp"
#include "24_choosing/transports/memory.hpp"

/// `spins`: how often a side looks before it sleeps. 0: it sleeps at once.
template <int spins>
class over_wait_words {
public:
    explicit over_wait_words(const place&) {}
    void open(side s) {
        out_ = s == side::asking ? &ways_->there : &ways_->back;
        in_ = s == side::asking ? &ways_->back : &ways_->there;
    }
    void send(std::uint64_t word) {
        out_->word = word;
        post(out_->changes);
    }
    std::uint64_t receive() {
        if (!spin_then_sleep(in_->changes, seen_, limit_, spins))
            throw std::runtime_error("nothing came");
        ++seen_;
        return in_->word;
    }

private:
    struct alignas(64) one_way {
        foo changes{0, 0};  // how many words have been sent; how many wait for one
        std::uint64_t word = 0;
    };
    struct both_ways {
        one_way there, back;
    };
    shared_memory<both_ways> ways_;
    one_way* out_ = nullptr;
    one_way* in_ = nullptr;
    int seen_ = 0;
    time_limit limit_ = within(std::chrono::hours{1});  // the harness has a shorter one
};
