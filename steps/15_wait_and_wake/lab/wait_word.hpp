// wait_word.hpp: sleeping until a word of shared memory changes.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>

#include "01_raw_struct/layout.hpp"
#include "13_robust_mutex/time_limit.hpp"
#include "common/error.hpp"

/// The system call, futex(2), on `word`; for other processes, too: FUTEX_PRIVATE_FLAG
/// is for threads. Returns what the call returns, or minus the error number.
inline long futex(int& word, int operation, int value, const timespec* end = nullptr) {
    const long result = ::syscall(SYS_futex, &word, operation, value, end, nullptr,
                                  FUTEX_BITSET_MATCH_ANY);
    return result == -1 ? -errno : result;
}

/// Sleeps until bar is no longer `old`, or until `limit`. Returns whether it has
/// changed. Throws std::system_error if futex(2) fails: EFAULT, if the file was cut
/// just then. Cut earlier or later, it is a SIGBUS, as in step 04.
inline bool wait_until(foo& word, int old, const time_limit& limit) {
    const std::atomic_ref value(word.bar);
    const std::atomic_ref sleepers(word.baz);
    // TODO: as long as the value is the old one: count yourself as a sleeper, and sleep
    // (FUTEX_WAIT_BITSET) if it is the old one still. Look again, whatever woke you;
    // but after EFAULT there is no word to touch.
    static_cast<void>(limit);
    static_cast<void>(sleepers);
    return value.load() != old;
}

/// Adds 1 to bar and wakes everybody who sleeps. Asks the kernel only if somebody may
/// sleep; returns whether it did.
inline bool post(foo& word) {
    // TODO: the change first, then the call, if somebody sleeps.
    std::atomic_ref(word.bar).fetch_add(1);
    return false;
}
