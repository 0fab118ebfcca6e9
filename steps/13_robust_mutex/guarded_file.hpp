// guarded_file.hpp: a guarded foo in a file: made whole, and opened if it is one.
#pragma once

#include "05_primed_file/new_file.hpp"
#include "05_primed_file/primed_file.hpp"
#include "13_robust_mutex/robust_mutex.hpp"

// #region guarded_file
/// Creates the file at `path` with a guarded foo in it, whose mutex is initialised
/// before anybody can open it. Throws as new_file and write_all() of step 05 do.
inline void create_guarded(const std::string& path, const foo& value) {
    new_file file(path);
    write_all(file.get(), std::array<std::byte, sizeof(guarded_foo)>{}, path);
    init(*map_shared<guarded_foo>(file.get(), path), value);
    file.publish();
}

/// The guarded foo in the file at `path`. Throws std::runtime_error if there is none in
/// it, and as map_primed() of step 05 does.
inline mapped<guarded_foo> open_guarded(const std::string& path) {
    mapped<guarded_foo> f = map_primed<guarded_foo>(path, "a guarded foo");
    if (f->magic != guarded_magic) {
        throw std::runtime_error(in_quotes(path) + " is no guarded foo");
    }
    return f;
}
// #endregion guarded_file
