// schedule.hpp: every order in which two adders may run.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "02_malloc_wrapper/foo.hpp"

/// n + 1; after the last int comes the first.
inline int next(int n) {
    return static_cast<int>(static_cast<unsigned>(n) + 1);
}

/// One who adds 1 to bar as a processor does it, in two moves with a register between
/// them: what has happened to bar meanwhile is not seen.
struct adder {
    int seen = 0;
    void read(const Foo& f) { seen = f.bar(); }
    void write(Foo& f) const { f.set_bar(next(seen)); }
};

/// Plays a schedule on `f`: each letter is the next move of adder a or b, who read and
/// write in turn. Returns what bar is then.
inline int play(Foo& f, std::string_view schedule) {
    // TODO: two adders; the moves of each are read, write, read, write, ...
    static_cast<void>(schedule);
    return f.bar();
}

/// Every sum that two adders of `adds` additions each can end with, from 0, and in how
/// many of their schedules. There are (4 adds)! / (2 adds)!^2 schedules: 6, 70, 924.
inline std::map<int, int> outcomes(int adds) {
    // TODO: std::next_permutation goes through all orders of the letters of a schedule,
    // if it begins with the first of them. Play each on a new Foo(0, 0).
    static_cast<void>(adds);
    return {};
}

/// The worst schedule: a reads, b adds all but once, a writes, b reads, a adds the
/// rest, b writes. For two `adds` or more.
inline std::string worst(int adds) {
    // TODO: the schedule that the comment describes.
    static_cast<void>(adds);
    return "";
}
