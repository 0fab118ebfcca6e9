// guarded_file.hpp: a guarded foo in a file: made whole, and opened if it is one.
#pragma once

#include "05_primed_file/new_file.hpp"
#include "05_primed_file/primed_file.hpp"
#include "05_primed_file/write_all.hpp"
#include "13_robust_mutex/guarded_foo.hpp"

// #region guarded_file
/// Creates the file at `path` with a T in it, which `make` makes of zeros before
/// anybody can open the file. Throws as new_file and write_all() of step 05 do.
template <class T, class Make>
void create_with(const std::string& path, Make make) {
    new_file file(path);
    write_all(file.get(), std::array<std::byte, sizeof(T)>{}, path);
    make(*map_shared<T>(file.get(), path));
    file.publish();
}

/// The T in the file at `path`, if it has the `magic`. Throws std::runtime_error if
/// not, and as map_primed() of step 05 does. `kind` is for messages.
template <class T>
mapped<T> open_with(const std::string& path, const std::array<char, 8>& magic,
                    const std::string& kind) {
    mapped<T> object = map_primed<T>(path, "a " + kind);
    if (object->magic != magic)
        throw std::runtime_error(in_quotes(path) + " is no " + kind);
    return object;
}

inline void create_guarded(const std::string& path, const foo& value) {
    create_with<guarded_foo>(path, [&](guarded_foo& f) { init(f, value); });
}
inline mapped<guarded_foo> open_guarded(const std::string& path) {
    return open_with<guarded_foo>(path, guarded_magic, "guarded foo");
}
// #endregion guarded_file
