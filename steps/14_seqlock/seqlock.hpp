// seqlock.hpp: a value that one writes and many read, none of whom waits for another.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

#include "01_raw_struct/layout.hpp"

// #region hardware
/// The memory of the machine. A test puts a model of it in its place.
struct hardware {
    using word = std::atomic<std::uint64_t>;
    static void fence(std::memory_order order) { std::atomic_thread_fence(order); }
};
static_assert(hardware::word::is_always_lock_free);
// #endregion hardware

// #region seqlock
/// A T of some 8-byte words, and a sequence number that is odd while it is written. Its
/// creator constructs it where it stays; readers need no permission to write.
template <plain_bytes T, class Memory = hardware>
class seqlock {
    using words = std::array<std::uint64_t, sizeof(T) / 8>;
    static_assert(sizeof(T) % 8 == 0);

public:
    /// Stores `value`. For one writer at a time: step 13's lock sees to that.
    void write(const T& value) {
        begin();
        store(value);
        end();
    }

    /// From here on readers find nothing. A writer that has died may have left the
    /// number odd: it stays odd then.
    void begin() {
        sequence_.store(sequence_.load(std::memory_order_relaxed) | 1,
                        std::memory_order_relaxed);
        Memory::fence(std::memory_order_release);  // the words come after the number
    }
    void store(const T& value) {
        const words from = std::bit_cast<words>(value);
        for (std::size_t i = 0; i < from.size(); ++i)
            words_[i].store(from[i], std::memory_order_relaxed);
    }
    /// From here on they find what was stored.
    void end() {
        sequence_.store(sequence_.load(std::memory_order_relaxed) + 1,
                        std::memory_order_release);  // the words come before
    }
    // #endregion seqlock

    // #region try_read
    /// What was written last; or nothing, if somebody writes just now.
    std::optional<T> try_read() const {
        const std::uint64_t before = sequence_.load(std::memory_order_acquire);
        if (before % 2 == 1) return std::nullopt;
        words to;
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = words_[i].load(std::memory_order_relaxed);
        Memory::fence(std::memory_order_acquire);  // the number comes after the words
        if (sequence_.load(std::memory_order_relaxed) != before) return std::nullopt;
        return std::bit_cast<T>(to);
    }

    /// The same, tried `attempts` times: nothing if a writer takes long, or has died.
    std::optional<T> read(int attempts) const {
        for (int i = 0; i < attempts; ++i) {
            if (std::optional<T> value = try_read()) return value;
        }
        return std::nullopt;
    }
    // #endregion try_read

private:
    typename Memory::word sequence_{0};
    std::array<typename Memory::word, sizeof(T) / 8> words_{};
};
