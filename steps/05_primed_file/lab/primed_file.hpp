// primed_file.hpp: a mapping of a file that was looked at before.
#pragma once

#include <sys/stat.h>

#include <stdexcept>

#include "03_missing_file/foo_from_mmap.hpp"
#include "05_primed_file/strangers.hpp"

/// A Foo mapped onto the file at `path`, once the file is seen to be a regular file of
/// exactly 8 bytes that nobody else may write. Never waits, and changes nothing. Throws
/// std::runtime_error if the file is another, std::system_error if open(2), fstat(2) or
/// mmap(2) fails.
inline Foo foo_from_primed_file(const std::string& path) {
    // TODO: look at the file without opening it (O_PATH, fstat(2)), and refuse with one
    // of these messages:
    //     "/tmp/x" is not a regular file
    //     "/tmp/x" has 7 bytes, not the 8 of a foo
    // or with what refuse_strangers() says. Then open that very file, whatever the path
    // means by now, without waiting for anybody, and map a foo of it with map_shared.
    return foo_from_mmap(path);
}
