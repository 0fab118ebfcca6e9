// semaphore.hpp: a word in shared memory and a POSIX semaphore that says it is there.
#pragma once

#include <semaphore.h>

#include "24_choosing/harness/place.hpp"
#include "24_choosing/transports/memory.hpp"

/// sem_overview(7): unnamed, in the shared memory itself, with pshared set.
class over_semaphore {
public:
    explicit over_semaphore(const place&) {
        for (one_way* way : {&ways_->there, &ways_->back})
            check(::sem_init(&way->arrived, 1, 0), "sem_init");
    }
    void open(side s) {
        out_ = s == side::asking ? &ways_->there : &ways_->back;
        in_ = s == side::asking ? &ways_->back : &ways_->there;
    }
    void send(std::uint64_t word) {
        out_->word = word;
        check(::sem_post(&out_->arrived), "sem_post");
    }
    std::uint64_t receive() {
        check(::sem_wait(&in_->arrived), "sem_wait");
        return in_->word;
    }

private:
    struct one_way {
        sem_t arrived;
        std::uint64_t word;
    };
    struct both_ways {
        alignas(64) one_way there;
        alignas(64) one_way back;
    };
    shared_memory<both_ways> ways_;
    one_way* out_ = nullptr;
    one_way* in_ = nullptr;
};
