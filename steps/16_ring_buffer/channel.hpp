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

/// Who is there: held by a side for as long as it lives.
struct token {
    pthread_mutex_t mutex;
};
inline bool repair(token&) {
    return true;
}  // nothing but the mutex

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

// #region is_dead
/// Whether the one who held `other` has died. Not so if it lives, has ended in order,
/// or was never there.
inline bool is_dead(token& other) {
    const int error = ::pthread_mutex_trylock(&other.mutex);
    if (error == EBUSY) return false;
    if (error == EOWNERDEAD) {
        check_pthread(::pthread_mutex_consistent(&other.mutex),
                      "pthread_mutex_consistent");
    } else {
        check_pthread(error, "pthread_mutex_trylock");
    }
    check_pthread(::pthread_mutex_unlock(&other.mutex), "pthread_mutex_unlock");
    return error == EOWNERDEAD;
}
// #endregion is_dead

// #region wait_for
/// Calls look() until it finds something, and returns that; sleeps in between until
/// `word` changes. Throws std::runtime_error if the `other` side has died and left
/// nothing, with its counter, `progress`; or if nothing comes until `limit`.
template <class Look>
auto wait_for(Look look, foo& word, token& other, const char* name,
              const time_limit& limit, const hardware::word& progress) {
    for (;;) {
        const int seen = std::atomic_ref(word.bar).load();
        if (auto* found = look()) return found;
        const bool died = is_dead(other);
        if (auto* found = look()) return found;  // its last ones
        if (died) {
            throw std::runtime_error(std::string("the ") + name + " died after " +
                                     std::to_string(progress.load()));
        }
        const time_limit soon = within(std::chrono::milliseconds{50});
        const bool over = soon.end.tv_sec > limit.end.tv_sec ||
                          (soon.end.tv_sec == limit.end.tv_sec &&
                           soon.end.tv_nsec > limit.end.tv_nsec);
        if (!wait_until(word, seen, over ? limit : soon) && over) {
            throw std::runtime_error(std::string("no ") + name + " in " +
                                     std::to_string(limit.length.count()) + " ms");
        }
    }
}
// #endregion wait_for
