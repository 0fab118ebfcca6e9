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

// #region futex
/// The system call, futex(2), on `word`; for other processes, too: FUTEX_PRIVATE_FLAG
/// is for threads. Returns what the call returns, or minus the error number.
inline long futex(int& word, int operation, int value, const timespec* end = nullptr) {
    const long result = ::syscall(SYS_futex, &word, operation, value, end, nullptr,
                                  FUTEX_BITSET_MATCH_ANY);
    return result == -1 ? -errno : result;
}
// #endregion futex

// #region wait_until
/// Sleeps until bar is no longer `old`, or until `limit`. Returns whether it has
/// changed. Throws std::system_error if futex(2) fails: EFAULT, if the file was cut
/// just then. Cut earlier or later, it is a SIGBUS, as in step 04.
inline bool wait_until(foo& word, int old, const time_limit& limit) {
    const std::atomic_ref value(word.bar);
    const std::atomic_ref sleepers(word.baz);
    while (value.load() == old) {
        sleepers.fetch_add(1);
        // The kernel looks again, and sleeps only if the value is still the old one.
        const long result = futex(word.bar, FUTEX_WAIT_BITSET, old, &limit.end);
        if (result == -EFAULT) fail(EFAULT, "futex");  // there is no word, and no count
        sleepers.fetch_sub(1);
        if (result == -ETIMEDOUT) return value.load() != old;
        // EAGAIN: it has changed. EINTR: a signal. 0: woken, perhaps for nothing.
        if (result != 0 && result != -EAGAIN && result != -EINTR)
            fail(static_cast<int>(-result), "futex");
    }
    return true;
}
// #endregion wait_until

// #region post
/// Adds 1 to bar and wakes everybody who sleeps. Asks the kernel only if somebody may
/// sleep; returns whether it did.
inline bool post(foo& word) {
    std::atomic_ref(word.bar).fetch_add(1);
    if (std::atomic_ref(word.baz).load() == 0) return false;
    futex(word.bar, FUTEX_WAKE, INT_MAX);
    return true;
}
// #endregion post
