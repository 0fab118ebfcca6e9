// schedule.hpp: every order in which two adders may run.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "02_malloc_wrapper/foo.hpp"

// #region adder
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
// #endregion adder

// #region play
/// Plays a schedule on `f`: each letter is the next move of adder a or b, who read and
/// write in turn. Returns what bar is then.
inline int play(Foo& f, std::string_view schedule) {
    std::array<adder, 2> adders;
    std::array<int, 2> moves{};
    for (const char letter : schedule) {
        const std::size_t who = letter == 'a' ? 0 : 1;
        if (moves[who]++ % 2 == 0) {
            adders[who].read(f);
        } else {
            adders[who].write(f);
        }
    }
    return f.bar();
}
// #endregion play

// #region outcomes
/// Every sum that two adders of `adds` additions each can end with, from 0, and in how
/// many of their schedules. There are (4 adds)! / (2 adds)!^2 schedules: 6, 70, 924.
inline std::map<int, int> outcomes(int adds) {
    const auto moves = static_cast<std::size_t>(2 * adds);
    std::string schedule = std::string(moves, 'a') + std::string(moves, 'b');
    std::map<int, int> sums;
    do {
        Foo f(0, 0);
        ++sums[play(f, schedule)];
    } while (std::next_permutation(schedule.begin(), schedule.end()));
    return sums;
}

/// The worst schedule: a reads, b adds all but once, a writes, b reads, a adds the
/// rest, b writes. For two `adds` or more.
inline std::string worst(int adds) {
    const auto others = static_cast<std::size_t>(2 * (adds - 1));
    return "a" + std::string(others, 'b') + "ab" + std::string(others, 'a') + "b";
}
// #endregion outcomes
