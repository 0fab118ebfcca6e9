// futex.hpp: a word in shared memory, and a sleep until it changes.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "24_choosing/harness/place.hpp"
#include "24_choosing/transports/memory.hpp"

/// futex(2): the kernel puts a process to sleep if a 32-bit number in memory is still
/// what it saw, and wakes it on request (step 15). glibc has no function for it.
class over_futex {
public:
    explicit over_futex(const place&) {}
    void open(side s) {
        out_ = s == side::asking ? &ways_->there : &ways_->back;
        in_ = s == side::asking ? &ways_->back : &ways_->there;
    }
    void send(std::uint64_t word) {
        out_->word = word;
        out_->count.fetch_add(1, std::memory_order_release);
        futex(out_->count, FUTEX_WAKE, 1);
    }
    std::uint64_t receive() {
        while (in_->count.load(std::memory_order_acquire) == seen_) {
            futex(in_->count, FUTEX_WAIT, seen_);  // EAGAIN: it has just changed
        }
        ++seen_;
        return in_->word;
    }

private:
    struct one_way {
        std::atomic<std::uint32_t> count{0};  // how many words have been sent
        std::uint64_t word = 0;
    };
    struct both_ways {
        alignas(64) one_way there;
        alignas(64) one_way back;
    };
    static void futex(std::atomic<std::uint32_t>& count, int what,
                      std::uint32_t value) {
        const long result =
            ::syscall(SYS_futex, &count, what, value, nullptr, nullptr, 0);
        if (result == -1 && errno != EAGAIN && errno != EINTR) fail(errno, "futex");
    }

    shared_memory<both_ways> ways_;
    one_way* out_ = nullptr;
    one_way* in_ = nullptr;
    std::uint32_t seen_ = 0;
};
