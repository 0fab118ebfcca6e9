// robust_mutex.hpp: a lock in shared memory, and what is done when its owner has died.
#pragma once

#include <pthread.h>

#include <cassert>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "13_robust_mutex/time_limit.hpp"
#include "common/error.hpp"

/// Throws std::system_error for an error number that a pthread function returned.
inline void check_pthread(int error, const char* call) {
    if (error != 0) fail(error, call);
}

/// Makes a lock of the memory `mutex`, which nobody else knows yet: one that is
/// initialised twice lets two in (pthread_mutex_init(3)).
inline void init(pthread_mutex_t& mutex) {
    pthread_mutexattr_t attributes;
    check_pthread(::pthread_mutexattr_init(&attributes), "pthread_mutexattr_init");
    // TODO: shared between processes, and robust.
    const int error = ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    check_pthread(error, "pthread_mutex_init");
}

/// Holds the lock of something guarded, f.mutex, for as long as it lives; repair(f)
/// makes that whole, changes nothing if it is, and does not throw.
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
            // TODO: we have the lock. Repair what the dead one left, remember what that
            // was, and say that the mutex is consistent (pthread_mutex_consistent(3)).
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
        // TODO: nobody may see a half of a change: repair() does nothing if it is
        // whole.
        [[maybe_unused]] const int error = ::pthread_mutex_unlock(&f_.mutex);
        assert(error == 0);
    }

    /// What repair() found when a dead owner had left it; nothing if nobody had died.
    const auto& inherited() const { return left_; }

private:
    Guarded& f_;
    std::optional<decltype(repair(std::declval<Guarded&>()))> left_;
};
