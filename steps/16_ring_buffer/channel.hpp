// channel.hpp: a ring with two who sleep, and who are told when the other one dies.
#pragma once

#include "13_robust_mutex/guarded_file.hpp"
#include "15_wait_and_wake/wait_word.hpp"
#include "16_ring_buffer/ring.hpp"

// #region channel
/// 64 bytes, a cache line.
struct message {
    std::uint64_t number;
    std::uint64_t is_last;
    std::array<std::uint64_t, 6> words;
};
inline constexpr std::size_t capacity = 1024;

/// Who is there: held by a side for as long as it lives. It guards nothing, so that an
/// heir has nothing to repair.
struct token {
    pthread_mutex_t mutex;
};
inline bool repair(token&) {
    return true;
}

struct channel {
    std::array<char, 8> magic;
    token sends, receives;
    alignas(8) foo something_new, some_room;  // step 15's words
    ring<message, capacity> messages;
};
inline constexpr std::array<char, 8> channel_magic{
    'r', 'i', 'n', 'g', '1', '6', sizeof(pthread_mutex_t), '\n'};

/// Creates the file at `path` with an empty channel in it. Throws as create_with()
/// does.
inline void create_channel(const std::string& path) {
    create_with<channel>(path, [](channel& c) {
        init(c.sends.mutex);
        init(c.receives.mutex);
        std::construct_at(&c.messages);
        c.magic = channel_magic;
    });
}
// #endregion channel

// #region has_died
/// The other side, as one side sees it: its name, its token, its counter.
struct other_side {
    const char* name;
    token& held;
    const hardware::word& counter;
    bool died = false;  // told once, and remembered here
};

/// Whether the other side has died, and no new one has come. One that has ended in
/// order, or was never there, has not (unless one who asked was killed while it asked).
inline bool has_died(other_side& other) {
    const int error = ::pthread_mutex_trylock(&other.held.mutex);
    if (error == EBUSY) return other.died = false;
    if (error == EOWNERDEAD) {
        other.died = true;
        check_pthread(::pthread_mutex_consistent(&other.held.mutex),
                      "pthread_mutex_consistent");
    } else {
        check_pthread(error, "pthread_mutex_trylock");
    }
    check_pthread(::pthread_mutex_unlock(&other.held.mutex), "pthread_mutex_unlock");
    return other.died;
}
// #endregion has_died

// #region wait_for
/// Calls look() until it finds something, and returns that; sleeps in between until
/// `word` changes. Throws std::runtime_error if the other side has died and left
/// nothing, or if nothing comes in `length`.
template <class Look>
auto wait_for(Look look, foo& word, other_side& other,
              std::chrono::milliseconds length) {
    constexpr std::chrono::milliseconds slice{50};  // then we ask whether it lives
    const auto end = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < end) {
        const int seen = std::atomic_ref(word.bar).load();
        if (auto* found = look()) return found;
        const bool died = has_died(other);
        if (auto* found = look()) return found;  // its last ones
        if (died) {
            throw std::runtime_error(std::string("the ") + other.name + " died after " +
                                     std::to_string(other.counter.load()));
        }
        wait_until(word, seen, within(slice));
    }
    throw std::runtime_error(std::string("no ") + other.name + " in " +
                             std::to_string(length.count()) + " ms");
}
// #endregion wait_for
