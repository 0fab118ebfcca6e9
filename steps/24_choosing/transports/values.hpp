// values.hpp: a value that one writes and another one reads, three ways.
#pragma once

#include "13_robust_mutex/robust_mutex.hpp"
#include "14_seqlock/seqlock.hpp"
#include "24_choosing/harness/reading.hpp"

using seven_words = std::array<std::uint64_t, 7>;
constexpr seven_words words_from(std::uint64_t n) {
    return {n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6};
}

/// 8 bytes: an atomic variable, step 12.
class atomic_value {
public:
    explicit atomic_value(const place&) {}
    void open(side) {}
    void write(std::uint64_t n) { value_->store(n, std::memory_order_release); }
    std::optional<std::array<std::uint64_t, 1>> read() const {
        return {{value_->load(std::memory_order_acquire)}};
    }

private:
    shared_memory<std::atomic<std::uint64_t>> value_;
};

/// 56 bytes: step 14's seqlock.
class seqlock_value {
public:
    explicit seqlock_value(const place&) { write(0); }
    void open(side) {}
    void write(std::uint64_t n) { value_->write(words_from(n)); }
    std::optional<seven_words> read() const { return value_->try_read(); }

private:
    shared_memory<seqlock<seven_words>> value_;
};

/// 56 bytes and the lock of step 13.
class mutex_value {
public:
    explicit mutex_value(const place&) {
        init(value_->mutex);
        write(0);
    }
    void open(side) {}
    void write(std::uint64_t n) {
        lock();
        value_->words = words_from(n);
        unlock();
    }
    std::optional<seven_words> read() {
        lock();
        const seven_words words = value_->words;
        unlock();
        return words;
    }

private:
    void lock() {
        check_pthread(::pthread_mutex_lock(&value_->mutex), "pthread_mutex_lock");
    }
    void unlock() {
        check_pthread(::pthread_mutex_unlock(&value_->mutex), "pthread_mutex_unlock");
    }
    struct guarded {
        pthread_mutex_t mutex;
        seven_words words;
    };
    shared_memory<guarded> value_;
};
