// spin_then_sleep.hpp: a short look before the long sleep.
#pragma once

#include "09_how_fast/pause.hpp"
#include "15_wait_and_wake/wait_word.hpp"

// #region spin_then_sleep
/// As wait_until(), after looking `spins` times, whatever `limit` is: who waits for
/// microseconds only does not ask the kernel, and who waits for long costs a CPU for a
/// moment only.
inline bool spin_then_sleep(foo& word, int old, const time_limit& limit, int spins) {
    for (int i = 0; i < spins; ++i) {
        if (std::atomic_ref(word.bar).load(std::memory_order_acquire) != old)
            return true;
        pause_a_moment();
    }
    return wait_until(word, old, limit);
}
// #endregion spin_then_sleep
