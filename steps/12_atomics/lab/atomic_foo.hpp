// atomic_foo.hpp: a foo that changes as one, for everybody who has it mapped.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "01_raw_struct/layout.hpp"

// An atomic that is not lock-free takes a lock of its process, which others do not see.
static_assert(std::atomic_ref<foo>::is_always_lock_free);

/// The eight bytes of `f` as one atomic object. Throws std::invalid_argument unless `f`
/// is aligned to 8 bytes, as every mapping is ([atomics.ref.generic]).
inline std::atomic_ref<foo> whole(foo& f) {
    constexpr std::size_t alignment = std::atomic_ref<foo>::required_alignment;
    if (std::bit_cast<std::uintptr_t>(&f) % alignment != 0) {
        throw std::invalid_argument(
            "a foo that is to change as one must be aligned to " +
            std::to_string(alignment) + " bytes");
    }
    return std::atomic_ref<foo>(f);
}

/// Both fields, as they were at one moment.
inline foo load(foo& f) {
    return whole(f).load();
}

/// Stores both fields at one moment.
inline void store(foo& f, foo value) {
    whole(f).store(value);
}

/// Stores both fields, and returns what they were just before.
inline foo swap(foo& f, foo value) {
    return whole(f).exchange(value);
}

/// Replaces the foo by next(foo), as one change: if somebody else was faster, `next` is
/// called again with what is there now. Returns what it was replaced by.
template <class Next>
foo change(foo& f, Next next) {
    // TODO: load; compute; compare_exchange_weak stores only if nobody has changed the
    // foo since, and otherwise tells what is there now.
    static_cast<void>(f);
    static_cast<void>(next);
    throw std::logic_error("TODO: change");
}

/// Adds `n` to bar, and returns what it is then; past the last int it begins again with
/// the first.
inline int add(foo& f, int n) {
    const auto sum = [n](foo seen) {
        const auto unsigned_sum =
            static_cast<unsigned>(seen.bar) + static_cast<unsigned>(n);
        return foo{std::bit_cast<int>(unsigned_sum), seen.baz};
    };
    return change(f, sum).bar;
}
