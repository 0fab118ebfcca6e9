// plain.hpp: what a program would write that does not know better.
#pragma once

#include "11_lost_updates/schedule.hpp"

// #region plain
/// Adds 1 to bar, `times` times. WRONG between processes: an addition of another may be
/// lost, and a compiler may do them all at once.
inline void add_plainly(Foo& f, int times) {
    for (int i = 0; i < times; ++i) f.set_bar(next(f.bar()));
}

/// Stores `value` in bar and then tells the reader, in baz. WRONG: nothing says that
/// the stores come in this order.
inline void tell_plainly(Foo& f, int value) {
    f.set_bar(value);
    f.set_baz(1);
}

/// Waits for baz, and returns bar. WRONG: a compiler may look once, or never.
inline int wait_plainly(const Foo& f) {
    while (f.baz() == 0) {
    }
    return f.bar();
}
// #endregion plain
