// primed_file.hpp: bytes first, then the mapping.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "03_missing_file/foo_from_mmap.hpp"

/// A name that is removed when its owner goes away.
class temporary_name {
public:
    explicit temporary_name(std::string path) : path_{std::move(path)} {}
    temporary_name(const temporary_name&) = delete;
    ~temporary_name() { ::unlink(path_.c_str()); }

private:
    std::string path_;
};

/// Creates the file at `path` with the 8 bytes of `f` in it and mode 0600: whole, or
/// not at all. Throws std::system_error if link(2) finds that `path` exists (EEXIST),
/// even as a dangling link, or if another call fails.
inline void prime_file(const std::string& path, const Foo& f) {
    // TODO: make a temporary file beside `path` (mkostemp(3)), write the bytes of `f`
    // into it, all of them or it is an error, and give it its name with link(2).
    // temporary_name removes the temporary one, whatever happens.
    static_cast<void>(f);
    throw std::logic_error("TODO: prime " + path);
}

/// A Foo mapped onto the file at `path`, once the file is seen to be a regular file
/// of exactly 8 bytes. Never waits, and changes nothing. Throws std::runtime_error if
/// the file is another, std::system_error if open(2), fstat(2) or mmap(2) fails.
inline Foo foo_from_primed_file(const std::string& path) {
    // TODO: look with fstat(2), and refuse with one of these messages:
    //     "/tmp/x" is not a regular file
    //     "/tmp/x" has 7 bytes, not the 8 of a foo
    // Then open that very file, and map a foo of it with map_shared.
    return foo_from_mmap(path);
}
