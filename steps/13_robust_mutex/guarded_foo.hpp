// guarded_foo.hpp: a foo with a lock, and the rule that holds when nobody has it.
#pragma once

#include <array>

#include "01_raw_struct/layout.hpp"
#include "13_robust_mutex/robust_mutex.hpp"

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

/// Makes a guarded foo of the memory `f`, which nobody else knows yet.
inline void init(guarded_foo& f, const foo& value) {
    init(f.mutex);
    f.bar = value.bar;
    f.baz = value.baz;
    f.total = sum(f);
    f.magic = guarded_magic;
}

/// Makes the foo whole again, whatever was done of a change, and returns what was
/// there.
inline foo repair(guarded_foo& f) {
    const foo found{f.bar, f.baz};
    f.baz =
        static_cast<int>(static_cast<unsigned>(f.total) - static_cast<unsigned>(f.bar));
    return found;
}
// #endregion guarded_foo
