// published_week.hpp: a week of foos in a file, with a lock for its writers.
#pragma once

#include <memory>

#include "13_robust_mutex/guarded_file.hpp"
#include "14_seqlock/seqlock.hpp"

// #region published_week
/// 56 bytes: more than any processor here changes as one.
using week = std::array<foo, 7>;

struct published_week {
    std::array<char, 8> magic;
    pthread_mutex_t mutex;  // for writers only
    seqlock<week> days;
};
inline constexpr std::array<char, 8> week_magic{
    'w', 'e', 'e', 'k', '1', '4', sizeof(pthread_mutex_t), '\n'};

/// What an heir does is done by begin(): nothing is left to repair. Returns whether the
/// dead had begun to write.
inline bool repair(published_week& w) {
    return !w.days.try_read().has_value();
}

/// Creates the file at `path` with a week of zeros in it. Throws as create_with() does.
inline void create_week(const std::string& path) {
    create_with<published_week>(path, [](published_week& w) {
        init(w.mutex);
        std::construct_at(&w.days);
        w.magic = week_magic;
    });
}
// #endregion published_week

// #region map_read_only
/// The T in the file at `path`, of which nothing can be changed through this mapping.
/// Throws as open_trusted() of step 05 does, or std::runtime_error for another size.
template <class T>
mapped<const T> map_read_only(const std::string& path, const std::string& kind) {
    const trusted_file file = open_trusted(path);
    if (file.size != off_t{sizeof(T)})
        throw std::runtime_error(in_quotes(path) + " is no " + kind);
    const void* address =
        check(::mmap(nullptr, sizeof(T), PROT_READ, MAP_SHARED, file.fd.get(), 0),
              "mmap", path);
    return {static_cast<const T*>(address),
            [](const T* object) { ::munmap(const_cast<T*>(object), sizeof(T)); }};
}
// #endregion map_read_only
