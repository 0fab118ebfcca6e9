// robust_mutex.hpp: a lock in shared memory, and what is done when its owner has died.
#pragma once

#include <pthread.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "01_raw_struct/layout.hpp"
#include "common/error.hpp"

// #region guarded_foo
/// A foo, and the lock that whoever uses it has to hold. While nobody holds it,
/// bar + baz is total (past the last int it goes on with the first).
struct guarded_foo {
    std::array<char, 8> magic;
    pthread_mutex_t mutex;
    int bar;
    int baz;
    int total;
};

/// The size of a mutex is a part of it: programs of 32 and 64 bits do not agree.
inline constexpr std::array<char, 8> guarded_magic{
    'f', 'o', 'o', '1', '3', 1, sizeof(pthread_mutex_t), '\n'};

inline int sum(const guarded_foo& f) {
    return static_cast<int>(static_cast<unsigned>(f.bar) +
                            static_cast<unsigned>(f.baz));
}
inline bool is_whole(const guarded_foo& f) {
    return sum(f) == f.total;
}
// #endregion guarded_foo

// #region init
/// Throws std::system_error for an error number that a pthread function returned.
inline void check_pthread(int error, const char* call) {
    if (error != 0) fail(error, call);
}

/// Makes a lock of the memory `mutex`, which nobody else knows yet: one that is
/// initialised twice lets two in (pthread_mutex_init(3)).
inline void init(pthread_mutex_t& mutex) {
    pthread_mutexattr_t attributes;
    check_pthread(::pthread_mutexattr_init(&attributes), "pthread_mutexattr_init");
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    const int error = ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    check_pthread(error, "pthread_mutex_init");
}

/// Makes a guarded foo of the memory `f`, which nobody else knows yet.
inline void init(guarded_foo& f, const foo& value) {
    init(f.mutex);
    f.bar = value.bar;
    f.baz = value.baz;
    f.total = sum(f);
    f.magic = guarded_magic;
}
// #endregion init

// #region within
/// A moment, and how far off it was: a wait that is begun again, for a signal or
/// another reason, still ends then.
struct time_limit {
    timespec end;  // CLOCK_MONOTONIC, which nobody sets
    std::chrono::milliseconds length;
};

/// The moment that is `length` from now.
inline time_limit within(std::chrono::milliseconds length) {
    timespec end{};
    ::clock_gettime(CLOCK_MONOTONIC, &end);
    const auto nanoseconds = end.tv_nsec + length.count() % 1000 * 1'000'000;
    end.tv_sec +=
        static_cast<std::time_t>(length.count() / 1000 + nanoseconds / 1'000'000'000);
    end.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
    return {end, length};
}
// #endregion within

// #region owner
/// Makes the foo whole again, whatever was done of a change, and returns what was
/// there.
inline foo repair(guarded_foo& f) {
    const foo found{f.bar, f.baz};
    f.baz =
        static_cast<int>(static_cast<unsigned>(f.total) - static_cast<unsigned>(f.bar));
    return found;
}

/// Holds the lock of something guarded, f.mutex, for as long as it lives; repair(f)
/// makes that whole, and changes nothing if it is.
template <class Guarded>
class owner {
public:
    /// Waits for the lock, until `limit` at most. If the one who held it has died,
    /// repairs what that one left. Throws std::system_error: ETIMEDOUT, or
    /// ENOTRECOVERABLE (pthread_mutex_clocklock(3), pthread_mutex_consistent(3)).
    owner(Guarded& f, const time_limit& limit) : f_{f} {
        const int error =
            ::pthread_mutex_clocklock(&f.mutex, CLOCK_MONOTONIC, &limit.end);
        if (error == EOWNERDEAD) {
            left_ = repair(f);
            check_pthread(::pthread_mutex_consistent(&f.mutex),
                          "pthread_mutex_consistent");
        } else if (error == ETIMEDOUT) {
            fail(error, "the lock was held for " +
                            std::to_string(limit.length.count()) + " ms");
        } else {
            check_pthread(error, "pthread_mutex_clocklock");
        }
    }
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;

    /// Unlocks. If a change was left half made, by an exception for one, it is
    /// repaired.
    ~owner() {
        repair(f_);
        [[maybe_unused]] const int error = ::pthread_mutex_unlock(&f_.mutex);
        assert(error == 0);
    }

    /// What repair() found when a dead owner had left it; nothing if nobody had died.
    const auto& inherited() const { return left_; }

private:
    Guarded& f_;
    std::optional<decltype(repair(std::declval<Guarded&>()))> left_;
};
// #endregion owner
