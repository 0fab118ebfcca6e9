// prime_file.hpp: a file that holds a foo from its first moment on.
#pragma once

#include "02_malloc_wrapper/foo.hpp"
#include "05_primed_file/new_file.hpp"
#include "05_primed_file/write_all.hpp"

// #region prime_file
/// Creates the file at `path` with the 8 bytes of `f` in it and mode 0600: whole, or
/// not at all, and on the disk. Throws std::system_error if `path` exists (EEXIST), or
/// if another call fails, and std::runtime_error if not all bytes fit.
inline void prime_file(const std::string& path, const Foo& f) {
    new_file file(path);
    write_all(file.get(), f.as_bytes(), path);
    file.publish();
}
// #endregion prime_file
